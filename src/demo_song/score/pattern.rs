//! Rhythms written as text, one character per sixteenth, so that they can be read and sung.
//!
//! `.` rests, `-` holds the stroke before it, anything else strikes; blanks only separate bars.

/// Sixteenths in a bar of 4/4.
pub const STEPS_PER_BAR: usize = 16;

/// One stroke of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Sixteenths from the pattern's start.
    pub step: usize,
    /// Sixteenths until the stroke is let go.
    pub num_steps: usize,
    /// What is struck; each part has its own letters.
    pub symbol: char,
}

/// The strokes of a pattern, in order.
pub fn strokes(pattern: &str) -> Vec<Stroke> {
    let mut strokes: Vec<Stroke> = Vec::new();
    let symbols = pattern.chars().filter(|symbol| *symbol != ' ');
    for (step, symbol) in symbols.enumerate() {
        match symbol {
            '.' => {}
            '-' => {
                if let Some(held) = strokes.last_mut() {
                    held.num_steps = step + 1 - held.step;
                }
            }
            _ => strokes.push(Stroke {
                step,
                num_steps: 1,
                symbol,
            }),
        }
    }
    strokes
}

/// How hard the letters of the drums, keys and voice strike, 0…1: `X` accent, `x` plain, `o` ghost.
pub fn velocity(symbol: char) -> f64 {
    match symbol {
        'X' => 1.0,
        'o' => 0.33,
        _ => 0.7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_strokes() {
        let stroke = |step, num_steps, symbol| Stroke {
            step,
            num_steps,
            symbol,
        };
        assert_eq!(
            strokes("X--. .o x-"),
            [stroke(0, 3, 'X'), stroke(5, 1, 'o'), stroke(6, 2, 'x')]
        );
    }
}
