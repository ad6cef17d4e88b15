//! Numbers and lists as people read them.

use crate::stem::Stem;

/// A number in dB with one decimal and a true minus; a dash for none.
pub fn db(value_db: Option<f64>) -> String {
    value_db.map_or_else(|| "–".into(), |value_db| number(value_db, 1))
}

/// A number with so many decimals and a true minus, and none before zero.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = !text.contains(|digit: char| ('1'..='9').contains(&digit));
    text.replace('-', if is_zero { "" } else { "−" })
}

/// Names of stems: "drums", "drums and bass", "drums, bass and vocals".
pub fn names(stems: &[Stem]) -> String {
    let names: Vec<&str> = stems.iter().map(|stem| stem.name()).collect();
    match names.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        names => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_read_well() {
        assert_eq!(db(Some(-2.74)), "−2.7");
        assert_eq!(db(Some(-0.04)), "0.0");
        assert_eq!(db(None), "–");
        assert_eq!(number(-20.0, 0), "−20");
        let [drums, bass, _, vocals] = Stem::ALL;
        assert_eq!(names(&[]), "");
        assert_eq!(names(&[bass]), "bass");
        assert_eq!(names(&[drums, vocals]), "drums and vocals");
        assert_eq!(names(&[drums, bass, vocals]), "drums, bass and vocals");
    }
}
