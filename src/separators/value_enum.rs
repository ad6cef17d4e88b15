//! Kinds on the command lines of the tools.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::SeparatorKind;

impl ValueEnum for SeparatorKind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
