//! Bootstrap over songs (Efron 1979): how far a figure might move with other songs of the kind.

use crate::dice::Dice;

const NUM_RESAMPLES: usize = 2_000;
const SEED: u64 = 95;

/// The middle 95 % of what `statistic` gives for sets of songs, drawn with replacement and as many
/// as there are; it sees their indices. `None` for less than two songs, or if it never gives
/// anything. Seeded: the same songs give the same interval.
pub fn interval_95(
    num_songs: usize,
    statistic: impl Fn(&[usize]) -> Option<f64>,
) -> Option<[f64; 2]> {
    if num_songs < 2 {
        return None;
    }
    let mut dice = Dice::new(SEED, 0_u64);
    let mut drawn = vec![0; num_songs];
    let mut values: Vec<f64> = (0..NUM_RESAMPLES)
        .filter_map(|_| {
            drawn.fill_with(|| dice.below(num_songs));
            statistic(&drawn)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |part: f64| values.get((part * values.len() as f64) as usize).copied();
    Some([at(0.025)?, at(0.975)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_that_of_theory() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let mean = |drawn: &[usize]| {
            Some(drawn.iter().map(|&i| values[i]).sum::<f64>() / drawn.len() as f64)
        };
        let [low, high] = interval_95(100, mean).expect("there are songs");
        // Mean 49.5, standard deviation 28.87: ±1.96 · 28.87 / √100. 2000 draws know the ends of
        // the interval to about 0.2.
        assert!((low - (49.5 - 5.66)).abs() < 0.6, "{low}");
        assert!((high - (49.5 + 5.66)).abs() < 0.6, "{high}");
    }

    #[test]
    fn one_song_says_nothing_of_others() {
        assert_eq!(interval_95(1, |_| Some(1.0)), None);
        assert_eq!(interval_95(5, |_| None), None);
    }
}
