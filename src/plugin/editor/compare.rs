//! A and B: two sets of settings, one of them heard.

use super::mix_settings::MixSettings;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slot {
    #[default]
    A,
    B,
}

impl Slot {
    pub fn title(self) -> &'static str {
        match self {
            Slot::A => "A",
            Slot::B => "B",
        }
    }

    pub fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }
}

#[derive(Debug, Default)]
pub struct Compare {
    heard: Slot,
    /// What the other slot holds; until it was used, the same as what is heard.
    rests: Option<MixSettings>,
}

impl Compare {
    pub fn heard(&self) -> Slot {
        self.heard
    }

    /// Keeps what is heard in its slot and returns what the other one holds, to be heard.
    pub fn switch(&mut self, heard: MixSettings) -> MixSettings {
        self.heard = self.heard.other();
        self.rests.replace(heard.clone()).unwrap_or(heard)
    }

    /// Makes the other slot the same as what is heard.
    pub fn copy(&mut self, heard: MixSettings) {
        self.rests = Some(heard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_keeps_its_own() {
        let settings = |db: f32| MixSettings {
            output_gain_db: db,
            ..MixSettings::default()
        };
        let mut compare = Compare::default();
        assert_eq!(compare.switch(settings(-1.0)), settings(-1.0), "B is as A");
        assert_eq!(compare.heard(), Slot::B);
        assert_eq!(compare.switch(settings(-2.0)), settings(-1.0));
        assert_eq!(compare.switch(settings(-3.0)), settings(-2.0));
        compare.copy(settings(-4.0));
        assert_eq!(compare.switch(settings(-4.0)), settings(-4.0));
        assert_eq!(compare.heard(), Slot::A);
    }
}
