//! Several networks as one separator: each stem is the weighted mean of theirs, which errs less than
//! the best of them where they err differently.
//!
//! Network blending: Uhlich et al. 2017, *Improving music source separation based on deep neural
//! networks through data augmentation and network blending*.
//!
//! The longest hop is the blend's; a network with a shorter one runs several times in it. All are
//! sliced, and their parts take turns, so that the work is spread evenly over the hop.

use std::sync::Arc;

use super::{ConvTasNet, Focus, NO_FOCUS, Separator, StemEnergy};
use crate::dsp::delay_line::DelayLine;
use crate::dsp::grid::Grid;
use crate::nn::ConvTasNetModel;
use crate::stem::{NUM_CHANNELS, Stem, StemBuffer};

/// Networks at work side by side.
pub struct Blend {
    members: Vec<Member>,
    /// Which part of which member's work comes when; all that a hop asks for.
    schedule: Vec<Step>,
    steps_done: usize,
    hop_samples: usize,
    latency_samples: usize,
    /// The hop whose work is under way, `[channel][sample]`.
    hop: [Vec<f32>; NUM_CHANNELS],
    /// For the next hop that is stored.
    focus: Focus,
}

/// One part of one member's work.
struct Step {
    member: usize,
    /// Which of the member's own hops.
    own_hop: usize,
    part: usize,
}

/// One network of a blend.
struct Member {
    network: ConvTasNet,
    share: f32,
    /// What one hop of its own gives.
    own_hop_stems: StemBuffer,
    /// The same for a hop of the blend.
    stems: StemBuffer,
    delayed: Vec<f32>,
    /// Brings it in time with the slowest, `[estimated stem][channel]`.
    delays: [[DelayLine; NUM_CHANNELS]; Stem::ESTIMATED.len()],
}

impl Member {
    /// Stores the next of its own hops, and keeps what the one before gave.
    fn begin(&mut self, hop: &[Vec<f32>; NUM_CHANNELS], own_hop: usize) {
        let length = self.network.hop_samples();
        let num_own_hops = hop[0].len() / length;
        let at = |own_hop: usize| own_hop * length..(own_hop + 1) * length;
        let [left, right] = hop;
        let mix = [&left[at(own_hop)], &right[at(own_hop)]];
        self.network.process_hop(mix, &mut self.own_hop_stems);
        let before = (own_hop + num_own_hops - 1) % num_own_hops;
        for stem in Stem::ESTIMATED {
            for channel in 0..NUM_CHANNELS {
                self.stems.channel_mut(stem, channel)[at(before)]
                    .copy_from_slice(self.own_hop_stems.channel(stem, channel));
            }
        }
    }

    /// Adds its share of the last hop to the stems.
    fn add_to(&mut self, stems: &mut StemBuffer) {
        for (stem, delays) in Stem::ESTIMATED.into_iter().zip(&mut self.delays) {
            for (channel, delay) in delays.iter_mut().enumerate() {
                delay.process(self.stems.channel(stem, channel), &mut self.delayed);
                let sum = stems.channel_mut(stem, channel).iter_mut();
                for (sum, sample) in sum.zip(&self.delayed) {
                    *sum += self.share * sample;
                }
            }
        }
    }
}

impl Blend {
    /// For a host rate's grid; networks with STFT front ends, and the share of each. The longest hop
    /// is a multiple of every other.
    pub fn new(networks: &[(Arc<ConvTasNetModel>, f32)], grid: &Grid) -> Self {
        let networks: Vec<_> = networks
            .iter()
            .map(|(model, share)| (ConvTasNet::sliced(model.clone(), grid), *share))
            .collect();
        let hops = networks.iter().map(|(network, _)| network.hop_samples());
        let hop_samples = hops.max().unwrap_or(0);
        debug_assert!(
            (networks.iter()).all(|(network, _)| hop_samples.is_multiple_of(network.hop_samples()))
        );
        let latencies = networks
            .iter()
            .map(|(network, _)| latency_within(network, hop_samples));
        let latency_samples = latencies.max().unwrap_or(0);
        let members: Vec<_> = networks
            .into_iter()
            .map(|(network, share)| {
                let delay = DelayLine::new(latency_samples - latency_within(&network, hop_samples));
                Member {
                    share,
                    own_hop_stems: StemBuffer::new(network.hop_samples()),
                    stems: StemBuffer::new(hop_samples),
                    delayed: vec![0.0; hop_samples],
                    delays: std::array::from_fn(|_| std::array::from_fn(|_| delay.clone())),
                    network,
                }
            })
            .collect();
        Self {
            schedule: schedule(&members, hop_samples),
            // Nothing is stored yet: no work is left.
            steps_done: usize::MAX,
            members,
            hop_samples,
            latency_samples,
            hop: std::array::from_fn(|_| vec![0.0; hop_samples]),
            focus: NO_FOCUS,
        }
    }

    fn run_steps_until(&mut self, steps: usize) {
        while self.steps_done < steps {
            let step = &self.schedule[self.steps_done];
            let member = &mut self.members[step.member];
            if step.part == 0 && step.own_hop > 0 {
                member.begin(&self.hop, step.own_hop);
            }
            member.network.work(step.part);
            self.steps_done += 1;
        }
    }
}

/// The latency of a network in a blend: sliced over its own hop, it would wait for one; here it
/// waits for the blend's.
fn latency_within(network: &ConvTasNet, hop_samples: usize) -> usize {
    network.latency_samples() - network.hop_samples() + hop_samples
}

/// Every member's parts in their order, those of different members where they come to lie if each
/// member's are spread evenly over the hop.
fn schedule(members: &[Member], hop_samples: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for (member, Member { network, .. }) in members.iter().enumerate() {
        let num_own_hops = hop_samples / network.hop_samples();
        let num_steps = num_own_hops * network.num_parts();
        for index in 0..num_steps {
            let step = Step {
                member,
                own_hop: index / network.num_parts(),
                part: index % network.num_parts(),
            };
            steps.push(((index as f64 + 0.5) / num_steps as f64, step));
        }
    }
    // A stable order: it is the same for any machine.
    steps.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    steps.into_iter().map(|(_, step)| step).collect()
}

impl Separator for Blend {
    fn hop_samples(&self) -> usize {
        self.hop_samples
    }

    fn latency_samples(&self) -> usize {
        self.latency_samples
    }

    fn warm_up_samples(&self) -> usize {
        let members = self.members.iter();
        let own = members.map(|member| {
            let network = &member.network;
            network.warm_up_samples() - network.latency_samples()
        });
        own.max().unwrap_or(0) + self.latency_samples
    }

    fn process_hop(&mut self, mix: [&[f32]; NUM_CHANNELS], stems: &mut StemBuffer) {
        self.run_steps_until(self.schedule.len());
        for (hop, mix) in self.hop.iter_mut().zip(mix) {
            hop.copy_from_slice(mix);
        }
        for stem in Stem::ESTIMATED {
            for channel in 0..NUM_CHANNELS {
                stems.channel_mut(stem, channel)[..self.hop_samples].fill(0.0);
            }
        }
        for member in &mut self.members {
            member.network.set_focus(&self.focus);
            member.begin(&self.hop, 0);
            member.add_to(stems);
        }
        self.steps_done = 0;
    }

    fn num_parts(&self) -> usize {
        self.schedule.len()
    }

    fn work(&mut self, part: usize) {
        self.run_steps_until(part + 1);
    }

    fn set_focus(&mut self, focus: &Focus) {
        // Not handed on at once: a member may be at work on a hop that was stored before.
        self.focus = *focus;
    }

    fn set_energy_wanted(&mut self, wanted: bool) {
        self.members[0].network.set_energy_wanted(wanted);
    }

    fn stem_energy(&self) -> &StemEnergy {
        self.members[0].network.stem_energy()
    }

    fn energy_offset_samples(&self) -> usize {
        // In a blend, a moment lies as much closer to the input as the latency is longer.
        let network = &self.members[0].network;
        network.energy_offset_samples() + self.latency_samples - network.latency_samples()
    }

    fn reset(&mut self) {
        for member in &mut self.members {
            member.network.reset();
            member.stems.clear();
            member
                .delays
                .iter_mut()
                .flatten()
                .for_each(DelayLine::reset);
        }
        self.steps_done = usize::MAX;
    }
}
