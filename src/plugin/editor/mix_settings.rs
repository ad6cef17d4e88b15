//! All that shapes the mix, as plain values: what a preset holds, and A or B.

use nice_plug::prelude::Param;
use serde::{Deserialize, Serialize};

use super::control::Control;
use crate::plugin::params::UnbraidParams;
use crate::plugin::{focus, gain};
use crate::stem::Stem;

/// One stem's strip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StemSettings {
    /// −84 is off.
    pub gain_db: f32,
    pub solo: bool,
    pub mute: bool,
    /// 0 is as trained. Other has none.
    pub focus_percent: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MixSettings {
    pub vocals: StemSettings,
    pub drums: StemSettings,
    pub bass: StemSettings,
    pub other: StemSettings,
    pub output_gain_db: f32,
}

impl MixSettings {
    /// As the parameters stand.
    pub fn of(params: &UnbraidParams) -> Self {
        let stem = |stem| {
            let strip = params.stem(stem);
            let focus = params.focus(stem);
            StemSettings {
                gain_db: strip.gain.unmodulated_plain_value(),
                solo: strip.solo.unmodulated_plain_value(),
                mute: strip.mute.unmodulated_plain_value(),
                focus_percent: focus.map_or(0.0, |focus| focus.unmodulated_plain_value()),
            }
        };
        Self {
            vocals: stem(Stem::Vocals),
            drums: stem(Stem::Drums),
            bass: stem(Stem::Bass),
            other: stem(Stem::Other),
            output_gain_db: params.output_gain.unmodulated_plain_value(),
        }
    }

    pub fn stem(&self, stem: Stem) -> &StemSettings {
        match stem {
            Stem::Vocals => &self.vocals,
            Stem::Drums => &self.drums,
            Stem::Bass => &self.bass,
            Stem::Other => &self.other,
        }
    }

    pub fn stem_mut(&mut self, stem: Stem) -> &mut StemSettings {
        match stem {
            Stem::Vocals => &mut self.vocals,
            Stem::Drums => &mut self.drums,
            Stem::Bass => &mut self.bass,
            Stem::Other => &mut self.other,
        }
    }

    /// A control's value in these settings, normalised.
    pub fn value(&self, control: Control) -> f32 {
        let switch = |on| if on { 1.0 } else { 0.0 };
        match control {
            Control::Gain(stem) => gain::RANGE.normalize(self.stem(stem).gain_db),
            Control::Focus(stem) => focus::RANGE.normalize(self.stem(stem).focus_percent),
            Control::Solo(stem) => switch(self.stem(stem).solo),
            Control::Mute(stem) => switch(self.stem(stem).mute),
            Control::OutputGain => gain::RANGE.normalize(self.output_gain_db),
        }
    }

    /// Whether it sounds the same: what lies within a tenth of the finest step counts as one.
    pub fn is_like(&self, other: &Self) -> bool {
        Control::all().all(|control| (self.value(control) - other.value(control)).abs() < 1e-4)
    }

    /// The first level or focus that no control can take, with its name.
    pub fn out_of_range(&self) -> Option<(String, f32)> {
        let levels = Stem::ALL.map(|stem| (stem.name(), self.stem(stem).gain_db));
        for (name, db) in levels.into_iter().chain([("output", self.output_gain_db)]) {
            // A NaN is in no range.
            if !(gain::OFF_DB..=gain::MAX_DB).contains(&db) {
                return Some((format!("{name} gain_db"), db));
            }
        }
        Stem::ALL.into_iter().find_map(|stem| {
            let focus = self.stem(stem).focus_percent;
            let is_possible = match Stem::ESTIMATED.contains(&stem) {
                true => (-100.0..=100.0).contains(&focus),
                false => focus == 0.0,
            };
            (!is_possible).then(|| (format!("{} focus_percent", stem.name()), focus))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_those_of_the_parameters() {
        let params = UnbraidParams::default();
        let settings = MixSettings::of(&params);
        assert_eq!(settings, MixSettings::default());
        for control in Control::all() {
            assert_eq!(
                settings.value(control),
                control.param(&params).value(),
                "{control:?}"
            );
        }
    }

    #[test]
    fn every_control_counts() {
        let unity = MixSettings::default();
        let mut all = Vec::new();
        for stem in Stem::ALL {
            for change in [
                |strip: &mut StemSettings| strip.gain_db = -6.0,
                |strip: &mut StemSettings| strip.solo = true,
                |strip: &mut StemSettings| strip.mute = true,
            ] {
                let mut settings = unity.clone();
                change(settings.stem_mut(stem));
                all.push(settings);
            }
        }
        for stem in Stem::ESTIMATED {
            let mut settings = unity.clone();
            settings.stem_mut(stem).focus_percent = 10.0;
            all.push(settings);
        }
        all.push(MixSettings {
            output_gain_db: 1.0,
            ..unity.clone()
        });
        assert_eq!(all.len(), Control::all().count());
        for settings in &all {
            assert!(!settings.is_like(&unity), "{settings:?}");
            assert!(settings.is_like(&settings.clone()));
        }
    }

    #[test]
    fn what_no_control_can_take_is_found() {
        let mut settings = MixSettings::default();
        assert_eq!(settings.out_of_range(), None);
        settings.bass.gain_db = 90.0;
        assert_eq!(settings.out_of_range(), Some(("bass gain_db".into(), 90.0)));
        settings.bass.gain_db = gain::OFF_DB;
        settings.other.focus_percent = 5.0;
        assert_eq!(
            settings.out_of_range(),
            Some(("other focus_percent".into(), 5.0))
        );
        settings.other.focus_percent = 0.0;
        settings.output_gain_db = f32::NAN;
        assert!(settings.out_of_range().is_some());
    }
}
