//! Chains are built here, off the audio thread: in the background when the mode changes while
//! playing, and within `activate()` when the host starts the plug-in.
//!
//! The audio thread says which chain it wants last ([`ChainBuilder::want`]) and posts a task for
//! it. A task that has become obsolete by the time it runs does nothing, so the order in which
//! threads get to their tasks never decides what plays.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug_egui::RepaintNotifier;

use crate::engine::{Chain, ChainSender, Engine, Meters, chain_swap};
use crate::separators::{self, BuildError, Separator, SeparatorKind};
use crate::stem::{NUM_CHANNELS, StemBuffer};

/// Silent hops that a new separator runs before it is sent: its code and memory are then warm, and
/// the audio thread's first hop costs no more than any other.
const WARM_UP_HOPS: usize = 4;

/// The id of no chain.
pub const NO_CHAIN: u64 = 0;

/// Work for the background thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    /// Build this chain and send it to the engine.
    BuildChain(ChainRequest),
    /// The engine has taken a chain: send what waits behind it, and free what came back.
    DeliverChain,
}

/// What a chain is built for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainRequest {
    pub kind: SeparatorKind,
    /// The host's rate, in the precision in which it arrives.
    pub rate_hz: f32,
}

impl ChainRequest {
    /// Different for every request; never [`NO_CHAIN`].
    pub fn id(self) -> u64 {
        ((self.kind as u64 + 1) << 32) | u64::from(self.rate_hz.to_bits())
    }
}

/// How a request turned out.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainStatus {
    /// What plays: the kind asked for, its fallback, or nothing (the sound passes unchanged).
    pub kind: Option<SeparatorKind>,
    /// One sentence for the user, if it is not the kind asked for.
    pub problem: Option<String>,
}

/// Builds chains and sends them to the engine. Shared by the audio thread, which only calls
/// [`ChainBuilder::want`], the task executor and the editor.
pub struct ChainBuilder {
    /// Id of the newest request. Written by whoever owns the plug-in: the audio thread or
    /// `activate()`.
    wanted_id: AtomicU64,
    /// Held while building, which keeps the chains in the order of their requests.
    delivery: Mutex<Delivery>,
    /// By request id; at most one entry a mode and rate. Never touched by the audio thread.
    statuses: Mutex<BTreeMap<u64, ChainStatus>>,
    repaint: RepaintNotifier,
}

/// The way to the present engine.
struct Delivery {
    /// `None` until there is an engine.
    sender: Option<ChainSender>,
    /// Request id of the chain that was sent last.
    sent_id: u64,
}

impl ChainBuilder {
    pub fn new(repaint: RepaintNotifier) -> Self {
        Self {
            wanted_id: AtomicU64::new(NO_CHAIN),
            delivery: Mutex::new(Delivery {
                sender: None,
                sent_id: NO_CHAIN,
            }),
            statuses: Mutex::default(),
            repaint,
        }
    }

    /// Makes every older request obsolete. Real-time safe.
    pub fn want(&self, id: u64) {
        self.wanted_id.store(id, Relaxed);
    }

    /// Runs a task; the executor of the background thread, and `activate()`.
    pub fn run(&self, task: Task) {
        let mut delivery = lock(&self.delivery);
        let Delivery { sender, sent_id } = &mut *delivery;
        let Some(sender) = sender else {
            return;
        };
        match task {
            Task::BuildChain(request) => {
                let is_wanted = || self.wanted_id.load(Relaxed) == request.id();
                if is_wanted() && *sent_id != request.id() {
                    let chain = self.build(request);
                    if let Some(chain) = chain.filter(|_| is_wanted()) {
                        sender.send(chain);
                        *sent_id = request.id();
                    }
                }
                sender.deliver();
            }
            Task::DeliverChain => sender.deliver(),
        }
    }

    /// An engine that plays this request, and from now on the target of every task. `None` if
    /// nothing can separate at that rate.
    pub fn start_engine(&self, request: ChainRequest, meters: Arc<Meters>) -> Option<Engine> {
        let mut delivery = lock(&self.delivery);
        let chain = self.build(request);
        let (receiver, sender) = chain_swap();
        *delivery = Delivery {
            sender: Some(sender),
            sent_id: request.id(),
        };
        chain.map(|chain| Engine::new(chain, receiver, meters))
    }

    /// Waits until no build runs, and makes all that are queued do nothing.
    ///
    /// nice-plug's worker thread must not be the last owner of a plug-in that the host destroys:
    /// it would wait for itself.
    pub fn settle(&self) {
        self.want(NO_CHAIN);
        drop(lock(&self.delivery));
    }

    /// How a request turned out, once it has been built.
    pub fn status(&self, id: u64) -> Option<ChainStatus> {
        lock(&self.statuses).get(&id).cloned()
    }

    fn build(&self, request: ChainRequest) -> Option<Box<Chain>> {
        let rate_hz = f64::from(request.rate_hz);
        let (separator, status) = build_or_fall_back(request.kind, rate_hz);
        lock(&self.statuses).insert(request.id(), status);
        self.repaint.request_repaint();
        separator.map(|mut separator| {
            warm_up(separator.as_mut());
            Box::new(Chain::new(separator, rate_hz, request.id()))
        })
    }
}

/// The separator asked for, or else the one that stands in for it.
fn build_or_fall_back(
    kind: SeparatorKind,
    rate_hz: f64,
) -> (Option<Box<dyn Separator>>, ChainStatus) {
    let problem = match separators::build(kind, rate_hz) {
        Ok(separator) => {
            let status = ChainStatus {
                kind: Some(kind),
                problem: None,
            };
            return (Some(separator), status);
        }
        Err(problem) => problem,
    };
    let fallback = kind.fallback();
    match separators::build(fallback, rate_hz) {
        Ok(separator) => {
            let status = ChainStatus {
                kind: Some(fallback),
                problem: Some(format!("{problem}: {} plays instead.", fallback.title())),
            };
            (Some(separator), status)
        }
        Err(problem) => (None, dry(&problem)),
    }
}

fn dry(problem: &BuildError) -> ChainStatus {
    ChainStatus {
        kind: None,
        problem: Some(format!("{problem}: the sound passes unchanged.")),
    }
}

fn warm_up(separator: &mut dyn Separator) {
    let hop_samples = separator.hop_samples();
    let silence = vec![0.0; hop_samples];
    let mut stems = StemBuffer::new(hop_samples);
    for _ in 0..WARM_UP_HOPS {
        separator.process_hop([&silence; NUM_CHANNELS], &mut stems);
        for part in 0..separator.num_parts() {
            separator.work(part);
        }
    }
    separator.reset();
}

/// A panic in another thread leaves nothing half done here that the next one could not use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{GainTargets, MAX_BLOCK_SAMPLES};

    const RATE_HZ: f32 = 48_000.0;

    fn request(kind: SeparatorKind) -> ChainRequest {
        ChainRequest {
            kind,
            rate_hz: RATE_HZ,
        }
    }

    fn started(kind: SeparatorKind) -> (ChainBuilder, Engine) {
        let builder = ChainBuilder::new(RepaintNotifier::new());
        let request = request(kind);
        builder.want(request.id());
        let engine = builder
            .start_engine(request, Arc::new(Meters::new()))
            .expect("48 kHz is supported");
        (builder, engine)
    }

    /// Plays silence until every chain on its way has taken over.
    fn play(builder: &ChainBuilder, engine: &mut Engine) {
        for _ in 0..200 {
            engine.poll_chain(true);
            builder.run(Task::DeliverChain);
            let [mut left, mut right] = [[0.0; MAX_BLOCK_SAMPLES]; 2];
            engine.process([&mut left, &mut right], &GainTargets::UNITY);
        }
    }

    #[test]
    fn every_request_has_its_own_id() {
        let mut ids: Vec<u64> = SeparatorKind::ALL
            .into_iter()
            .flat_map(|kind| [44_100.0, 48_000.0, 45_678.9].map(|rate_hz| (kind, rate_hz)))
            .map(|(kind, rate_hz)| ChainRequest { kind, rate_hz }.id())
            .collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert!(!ids.contains(&NO_CHAIN));
    }

    #[test]
    fn a_kind_without_a_model_falls_back_and_says_so() {
        let (builder, engine) = started(SeparatorKind::ConvTasNetStudio);
        let wanted = request(SeparatorKind::ConvTasNetStudio);
        assert_eq!(engine.chain_id(), wanted.id());
        let status = builder.status(wanted.id()).expect("it was built");
        assert_eq!(status.kind, Some(SeparatorKind::HpssMix));
        assert_eq!(
            status.problem.as_deref(),
            Some("Conv-TasNet Studio has no model in this build: HPSS Mix plays instead.")
        );
    }

    #[test]
    fn a_rate_that_nothing_supports_leaves_no_engine_and_says_why() {
        let builder = ChainBuilder::new(RepaintNotifier::new());
        let request = ChainRequest {
            kind: SeparatorKind::HpssLive,
            rate_hz: 500.0,
        };
        builder.want(request.id());
        assert!(
            builder
                .start_engine(request, Arc::new(Meters::new()))
                .is_none()
        );
        let status = builder.status(request.id()).expect("it was tried");
        assert_eq!(status.kind, None);
        let problem = status.problem.expect("it failed");
        assert!(problem.contains("500 Hz"), "{problem}");
    }

    #[test]
    fn only_the_newest_request_is_built_whatever_order_the_tasks_run_in() {
        let (builder, mut engine) = started(SeparatorKind::HpssLive);
        let old = request(SeparatorKind::HpssMix);
        let new = request(SeparatorKind::ConvTasNetLive);
        builder.want(old.id());
        builder.want(new.id());
        builder.run(Task::BuildChain(new));
        builder.run(Task::BuildChain(old));
        assert!(builder.status(old.id()).is_none(), "the old one was built");
        play(&builder, &mut engine);
        assert_eq!(engine.chain_id(), new.id());
    }

    #[test]
    fn the_last_of_many_quick_changes_plays() {
        let (builder, mut engine) = started(SeparatorKind::HpssLive);
        for kind in [
            SeparatorKind::HpssMix,
            SeparatorKind::ConvTasNetLive,
            SeparatorKind::ConvTasNetStudio,
            SeparatorKind::HpssLive,
            SeparatorKind::HpssMix,
        ] {
            builder.want(request(kind).id());
            builder.run(Task::BuildChain(request(kind)));
            engine.poll_chain(true);
        }
        play(&builder, &mut engine);
        assert_eq!(engine.chain_id(), request(SeparatorKind::HpssMix).id());
    }

    #[test]
    fn after_settling_queued_tasks_do_nothing() {
        let (builder, engine) = started(SeparatorKind::HpssLive);
        let queued = request(SeparatorKind::HpssMix);
        builder.want(queued.id());
        builder.settle();
        builder.run(Task::BuildChain(queued));
        assert!(builder.status(queued.id()).is_none());
        drop(engine);
    }
}
