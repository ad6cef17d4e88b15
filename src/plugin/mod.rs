//! The plug-in: connects a host's blocks, parameters and states with the engine. Wiring only.
//!
//! ```text
//! host block ─> process(): wanted chain, gain targets ─> Engine ─> host block, stem outputs
//!                   │ wakes                                ^
//!                   └──────> ChainBuilder: new chain ──────┘
//! ```
//!
//! Loading a state calls neither `activate()` nor `reset()`: it only sets parameters and fields. So
//! `process()` compares the chain that they ask for with the one it asked for last, at every block.

mod chain_builder;
mod chain_request;
pub mod class;
mod editor;
pub mod focus;
pub mod gain;
pub mod load;
pub mod look;
pub mod models;
pub mod params;
mod playing;
mod state;

use std::sync::Arc;
use std::time::Instant;

use nice_plug::prelude::*;
use nice_plug_egui::RepaintNotifier;

use chain_builder::{BuilderThread, ChainBuilder};
use chain_request::{ChainRequest, NO_CHAIN};
use class::{Class, MultiOut, Plain};
use editor::{Shared, UnbraidEditor};
use load::{Load, LoadMeter};
use params::{ClassParams, DISPLAY_ORDER, StemOutputs};
use playing::{NowPlaying, Playing};

use crate::engine::{EnergyView, Engine, MAX_BLOCK_SAMPLES, Meters, StemTap};
use crate::stem::NUM_CHANNELS;

/// The linear peak that a meter shows: −60 dB.
const VISIBLE_PEAK: f32 = 1e-3;

/// Stereo or mono, in and out.
pub type Unbraid = UnbraidPlugin<Plain>;

/// Stereo in and out, and every stem at an output of its own.
pub type UnbraidMultiOut = UnbraidPlugin<MultiOut>;

/// Both plug-in classes. The host's audio thread owns it; everything in an `Arc` is shared with the
/// editor or the builder's thread.
pub struct UnbraidPlugin<C: Class> {
    params: Arc<C::Params>,
    builder: Arc<ChainBuilder>,
    /// From the first `activate()` on: a host that only scans gets no thread.
    builder_thread: Option<BuilderThread>,
    meters: Arc<Meters>,
    energies: Arc<EnergyView>,
    playing: Arc<Playing>,
    load: Arc<Load>,
    load_meter: LoadMeter,
    repaint: RepaintNotifier,
    /// `None` before `activate()`, and at a rate that nothing supports: the sound passes unchanged.
    engine: Option<Engine>,
    /// What the engine was started with, in Hz.
    rate_hz: f32,
    /// Id of the chain that was asked for last.
    requested_id: u64,
    /// Id of the chain that played in the last block.
    playing_id: u64,
    /// The latency that the host knows, in samples.
    reported_latency_samples: usize,
    /// A mono host's block as the engine takes it.
    mono: [Vec<f32>; NUM_CHANNELS],
}

impl<C: Class> Default for UnbraidPlugin<C> {
    fn default() -> Self {
        let repaint = RepaintNotifier::new();
        let params = Arc::<C::Params>::default();
        let models = params.common().models.clone();
        let load = Arc::<Load>::default();
        Self {
            params,
            builder: Arc::new(ChainBuilder::new(models, repaint.clone())),
            builder_thread: None,
            meters: Arc::new(Meters::new()),
            energies: Arc::new(EnergyView::new()),
            playing: Arc::new(Playing::new()),
            load_meter: LoadMeter::new(load.clone()),
            load,
            repaint,
            engine: None,
            rate_hz: 0.0,
            requested_id: NO_CHAIN,
            playing_id: NO_CHAIN,
            reported_latency_samples: 0,
            mono: std::array::from_fn(|_| Vec::new()),
        }
    }
}

impl<C: Class> UnbraidPlugin<C> {
    /// The chain that the parameters ask for.
    fn request(&self) -> ChainRequest {
        let params = self.params.common();
        let kind = params.mode.value().kind();
        ChainRequest {
            kind,
            rate_hz: self.rate_hz,
            generation: params.models.generation(kind),
        }
    }

    fn want(&mut self, request: ChainRequest) {
        self.requested_id = request.id();
        self.builder.want(request.id());
    }

    fn wake_builder(&self) {
        if let Some(thread) = &self.builder_thread {
            thread.wake();
        }
    }

    /// Asks for another chain when the parameters do, and lets one that has arrived take over.
    fn follow_request(&mut self, context: &mut impl ProcessContext<Self>) {
        let request = self.request();
        if request.id() != self.requested_id && self.engine.is_some() {
            self.want(request);
            self.wake_builder();
        }
        let Some(engine) = &mut self.engine else {
            return;
        };
        // CLAP lets the latency change only while the plug-in is inactive: the wrapper asks the host
        // for a restart, and `activate()` installs the chain. VST3 hosts read it again at any time,
        // and many never restart for it.
        let may_change = context.plugin_api() != PluginApi::Clap;
        let arrived_latency = engine.poll_chain(may_change);
        // A change of mind can bring back the old latency after another one was reported.
        let settled_latency =
            (engine.chain_id() == self.requested_id).then_some(engine.latency_samples());
        if let Some(latency) = arrived_latency.or(settled_latency)
            && latency != self.reported_latency_samples
        {
            self.reported_latency_samples = latency;
            context.set_latency_samples(latency as u32);
        }
        if arrived_latency.is_some() || engine.chain_id() != self.playing_id {
            self.playing_id = engine.chain_id();
            // One that waited behind it can be sent, and the one before it freed.
            self.wake_builder();
            self.publish();
        }
    }

    /// One block, from the host's chain and parameters to its buffers.
    fn play(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        self.follow_request(context);
        let Some(engine) = &mut self.engine else {
            return ProcessStatus::Normal;
        };
        let targets = self.params.common().gain_targets();
        let tap = match self.params.stem_outputs().map(EnumParam::value) {
            Some(StemOutputs::PostFader) => StemTap::PostFader,
            Some(StemOutputs::PreFader) | None => StemTap::PreFader,
        };
        let num_samples = buffer.samples();
        for start in (0..num_samples).step_by(MAX_BLOCK_SAMPLES) {
            let piece = start..num_samples.min(start + MAX_BLOCK_SAMPLES);
            match buffer.as_slice() {
                [left, right] => {
                    let io = [&mut left[piece.clone()], &mut right[piece.clone()]];
                    engine.process(io, &targets);
                }
                [mono] => {
                    let mono = &mut mono[piece.clone()];
                    let [left, right] = &mut self.mono;
                    let (left, right) = (&mut left[..mono.len()], &mut right[..mono.len()]);
                    left.copy_from_slice(mono);
                    right.copy_from_slice(mono);
                    engine.process([left, right], &targets);
                    mono.copy_from_slice(left);
                }
                _ => return ProcessStatus::Error("expected a mono or stereo main port"),
            }
            if !aux.outputs.is_empty() {
                let stems = engine.stem_outputs(tap);
                for (stem, output) in DISPLAY_ORDER.into_iter().zip(aux.outputs.iter_mut()) {
                    for (channel, samples) in output.as_slice().iter_mut().enumerate() {
                        let stem = &stems.channel(stem, channel)[..piece.len()];
                        samples[piece.clone()].copy_from_slice(stem);
                    }
                }
            }
        }
        self.playing.count_block();
        // Silence needs no frames; the editor itself draws the way down to it.
        let output_peak = self.meters.output_peak(0).max(self.meters.output_peak(1));
        // Where the output is muted, the difference is the mix, which the editor's picture shows.
        let visible_peak = output_peak.max(self.meters.difference_peak());
        self.repaint
            .request_repaint_with(visible_peak > VISIBLE_PEAK);
        // Anything less, and a host may let the plug-in sleep while its last samples still wait.
        ProcessStatus::Tail(engine.latency_samples() as u32)
    }

    /// Tells the editor what plays.
    fn publish(&self) {
        let engine = self.engine.as_ref();
        self.playing.publish(NowPlaying {
            wanted_id: self.requested_id,
            chain_id: engine.map_or(NO_CHAIN, Engine::chain_id),
            latency_samples: engine.map_or(0, Engine::latency_samples) as u32,
            rate_hz: self.rate_hz,
        });
        self.repaint.request_repaint();
    }
}

impl<C: Class> Plugin for UnbraidPlugin<C> {
    const NAME: &'static str = C::NAME;
    const VENDOR: &'static str = "Unbraid";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = C::AUDIO_IO_LAYOUTS;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = UnbraidEditor;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, _executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        Some(UnbraidEditor::new(Shared {
            params: self.params.clone(),
            builder: self.builder.clone(),
            meters: self.meters.clone(),
            energies: self.energies.clone(),
            playing: self.playing.clone(),
            load: self.load.clone(),
            repaint: self.repaint.clone(),
        }))
    }

    fn filter_state(state: &mut PluginState) {
        state::repair::<C::Params>(state);
    }

    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        let same_rate = self.rate_hz == config.sample_rate;
        self.rate_hz = config.sample_rate;
        self.load_meter.start(config);
        let request = self.request();
        self.want(request);
        match &mut self.engine {
            Some(engine) if same_rate => {
                engine.install_chain();
                if engine.chain_id() != request.id() {
                    self.builder.catch_up();
                    engine.install_chain();
                }
            }
            _ => {
                self.engine = self.builder.start_engine(request, self.meters.clone());
                if let Some(engine) = &mut self.engine {
                    engine.show_energy(self.energies.clone());
                }
            }
        }
        self.builder_thread
            .get_or_insert_with(|| BuilderThread::spawn(self.builder.clone()));
        let engine = self.engine.as_ref();
        self.playing_id = engine.map_or(NO_CHAIN, Engine::chain_id);
        self.reported_latency_samples = engine.map_or(0, Engine::latency_samples);
        context.set_latency_samples(self.reported_latency_samples as u32);
        if layout.main_output_channels == Some(new_nonzero_u32(1)) {
            self.mono.fill(vec![0.0; MAX_BLOCK_SAMPLES]);
        }
        self.publish();
        true
    }

    fn reset(&mut self) {
        if let Some(engine) = &mut self.engine {
            engine.reset();
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let begun = Instant::now();
        let first_channel = buffer.as_slice_immutable().first();
        let samples = first_channel.map(|samples| samples.as_ptr_range());
        let status = self.play(buffer, aux, context);
        if let Some(samples) = samples {
            self.load_meter.count_piece(samples, begun.elapsed());
        }
        status
    }
}

impl<C: Class> ClapPlugin for UnbraidPlugin<C> {
    const CLAP_ID: &'static str = C::CLAP_ID;
    const CLAP_DESCRIPTION: Option<&'static str> = Some(C::CLAP_DESCRIPTION);
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = C::CLAP_FEATURES;

    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        let params = self.params.common();
        context.add_section("Mix", |section| {
            section.add_page("Gains", |page| {
                for stem in DISPLAY_ORDER {
                    page.add_param(&params.stem(stem).gain);
                }
                page.add_param(&params.output_gain);
                page.add_spacer();
                page.add_spacer();
                page.add_param(&params.bypass);
            });
            section.add_page("Solo and Mute", |page| {
                for stem in DISPLAY_ORDER {
                    page.add_param(&params.stem(stem).solo);
                }
                for stem in DISPLAY_ORDER {
                    page.add_param(&params.stem(stem).mute);
                }
            });
            section.add_page("Focus", |page| {
                for focus in DISPLAY_ORDER
                    .into_iter()
                    .filter_map(|stem| params.focus(stem))
                {
                    page.add_param(focus);
                }
            });
        });
    }
}

impl<C: Class> Vst3Plugin for UnbraidPlugin<C> {
    const VST3_CLASS_ID: [u8; 16] = C::VST3_CLASS_ID;
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = &[
        Vst3SubCategory::Fx,
        Vst3SubCategory::Tools,
        Vst3SubCategory::Restoration,
    ];
}
