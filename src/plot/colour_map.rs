//! Colours for numbers.

use clap::ValueEnum;
use plotters::style::RGBColor;

/// Colours from low to high. In all but the last, equal steps look equal, in grey and to the
/// colour-blind too (van der Walt & Smith, SciPy 2015; Nuñez et al., PLOS ONE 13(7), 2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColourMap {
    Magma,
    Inferno,
    Viridis,
    Cividis,
    /// Black to white
    Grey,
    /// Purple below the middle, orange above: for two sides of white
    #[value(skip)]
    Sides,
}

impl ColourMap {
    /// The colour at 0 (lowest) to 1 (highest); what lies outside has the nearer end's.
    pub fn at(self, position: f64) -> RGBColor {
        let position = position.clamp(0.0, 1.0);
        let (gradient, position) = match self {
            Self::Magma => (colorous::MAGMA, position),
            Self::Inferno => (colorous::INFERNO, position),
            Self::Viridis => (colorous::VIRIDIS, position),
            Self::Cividis => (colorous::CIVIDIS, position),
            // Its dark end is at 1.
            Self::Grey => (colorous::GREYS, 1.0 - position),
            Self::Sides => (colorous::PURPLE_ORANGE, position),
        };
        let colour = gradient.eval_continuous(position);
        RGBColor(colour.r, colour.g, colour.b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Luma of ITU-R BT.601.
    fn brightness(colour: RGBColor) -> f64 {
        0.299 * f64::from(colour.0) + 0.587 * f64::from(colour.1) + 0.114 * f64::from(colour.2)
    }

    #[test]
    fn higher_is_brighter() {
        for &map in ColourMap::value_variants() {
            let levels: Vec<f64> = (0..=20)
                .map(|i| brightness(map.at(f64::from(i) / 20.0)))
                .collect();
            // Rounded to whole bytes, a step may be a fraction off.
            let rises = levels.windows(2).all(|pair| pair[1] > pair[0] - 1.0);
            assert!(
                rises && levels[20] > levels[0] + 150.0,
                "{map:?}: {levels:?}"
            );
            assert_eq!(map.at(-3.0), map.at(0.0));
            assert_eq!(map.at(3.0), map.at(1.0));
        }
    }

    #[test]
    fn sides_are_purple_and_orange() {
        let (low, middle, high) = (0.1, 0.5, 0.9);
        let [low, middle, high] = [low, middle, high].map(|x| ColourMap::Sides.at(x));
        assert!(low.2 > low.1 && high.0 > high.2, "{low:?}, {high:?}");
        assert!(brightness(middle) > 235.0, "{middle:?}");
    }
}
