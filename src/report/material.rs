//! What a report is about: a passage of a song, what is true of it, and what was made of it.

use std::sync::Arc;

use crate::eval::EvalError;
use crate::eval::bleed::REST_DB;
use crate::eval::bss_eval::BssEval;
use crate::eval::runner::{Method, Run, StemScore};
use crate::eval::songs::{Song, Truth};
use crate::nn::{ConvTasNetModel, WeightsFile};
use crate::report::residual::energy;
use crate::stem::{NUM_STEMS, Stem, Stems, Stereo};

/// A passage of a song and its separation.
#[derive(Clone, Debug)]
pub struct Material {
    /// The song's name.
    pub song: String,
    /// The mix, and the true stems as far as they are known; see [`Material::true_stem`].
    pub truth: Truth,
    /// In time with the mix and as long; `None` for a stem that was not estimated.
    pub estimates: [Option<Stereo>; NUM_STEMS],
    /// What separated, such as "Conv-TasNet Live, as it is built in".
    pub method: String,
    /// The network that separated, if one did and its weights are at hand.
    pub network: Option<Network>,
}

/// A network, as it plays and as it is stored.
#[derive(Clone, Debug)]
pub struct Network {
    pub model: Arc<ConvTasNetModel>,
    pub weights: Arc<WeightsFile>,
    /// The curves of its training as a PNG, if they are at hand.
    pub curves: Option<Vec<u8>>,
    /// How much of each stem is its own; the rest is that of others beside it.
    pub share: f32,
}

/// What separates, and what the page calls it.
#[derive(Clone, Debug)]
pub enum Way {
    /// Through the engine; the network is that of the method.
    Run {
        method: Method,
        title: String,
        network: Option<Network>,
    },
    /// Stems from a folder with a file for each.
    Folder(std::path::PathBuf),
}

impl Material {
    /// Separates a passage, or reads what has been separated.
    ///
    /// # Errors
    /// Nothing can be built for the song's rate, a network gives values that are not finite, or
    /// files can't be read or do not fit the song.
    pub fn new(song: &Song, truth: Truth, way: Way) -> Result<Self, EvalError> {
        let (estimates, method, network) = match way {
            Way::Run {
                method,
                title,
                network,
            } => {
                let name = title.clone();
                let estimates = Run { name, method }.estimate(song, &truth)?;
                (estimates, title, network)
            }
            Way::Folder(folder) => {
                let estimates = truth.load_estimates(song, &folder)?;
                (estimates, format!("Stems from {}", folder.display()), None)
            }
        };
        Ok(Self {
            song: song.name.clone(),
            truth,
            estimates,
            method,
            network,
        })
    }

    /// Samples per second.
    pub fn rate_hz(&self) -> f64 {
        self.truth.rate_hz
    }

    /// Samples per channel of every signal.
    pub fn num_samples(&self) -> usize {
        self.truth.mix[0].len()
    }

    /// What was separated.
    pub fn mix(&self) -> &Stereo {
        &self.truth.mix
    }

    /// A true stem; `None` if nobody knows it. A stem without a file is known to be silent where
    /// the mix is the sum of the others.
    pub fn true_stem(&self, stem: Stem) -> Option<&Stereo> {
        let is_known = self.truth.mix_is_sum || !self.truth.missing.contains(&stem);
        is_known.then(|| &self.truth.stems[stem as usize])
    }

    /// All true stems; `None` unless each is known.
    pub fn true_stems(&self) -> Option<&Stems> {
        let all_known = Stem::ALL
            .into_iter()
            .all(|stem| self.true_stem(stem).is_some());
        all_known.then_some(&self.truth.stems)
    }

    /// A stem as it was separated; `None` for one that was not.
    pub fn estimate(&self, stem: Stem) -> Option<&Stereo> {
        self.estimates[stem as usize].as_ref()
    }

    /// Whether a true stem is so far below the mix, taken over the whole passage, that it rests:
    /// [`REST_DB`], as bleed has it by the second. So does one that nobody knows.
    pub fn rests(&self, stem: Stem) -> bool {
        let audible = energy(self.mix()) * 10.0_f64.powf(REST_DB / 10.0);
        let truth = self.true_stem(stem);
        !truth.is_some_and(|truth| energy(truth) > audible)
    }

    /// The stems that are both known and estimated: stem, truth, estimate.
    pub fn pairs(&self) -> impl Iterator<Item = (Stem, &Stereo, &Stereo)> {
        let pair = |stem| Some((stem, self.true_stem(stem)?, self.estimate(stem)?));
        Stem::ALL.into_iter().filter_map(pair)
    }

    /// The scores of estimates of this passage, as [`evaluate`](crate::eval) has them; `None` for a
    /// stem that is not known or not estimated.
    pub fn score(&self, estimates: &[Option<Stereo>; NUM_STEMS]) -> [Option<StemScore>; NUM_STEMS] {
        let bss_eval = BssEval::new(&self.truth.stems, self.truth.rate_hz);
        let mut frames = bss_eval.frames(estimates, false);
        Stem::ALL.map(|stem| {
            let estimate = estimates[stem as usize].as_ref()?;
            let frames = std::mem::take(&mut frames[stem as usize]);
            let reference = self.true_stem(stem)?;
            Some(StemScore::new(reference, estimate, &self.truth, frames))
        })
    }
}
