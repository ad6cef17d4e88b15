//! What the user has done to the mix, to take back and to do again.

use super::control::Control;

/// Edits that are kept; the oldest are forgotten.
const MAX_EDITS: usize = 256;

/// Turns of the same wheel within this time are one edit.
const SAME_EDIT_SECONDS: f64 = 0.8;

/// One control moved; values are normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    pub control: Control,
    pub before: f32,
    pub after: f32,
}

/// What is taken back at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub changes: Vec<Change>,
    /// Whether it went from A to B or back.
    pub switches_slot: bool,
}

/// Which way through the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Undo,
    Redo,
}

#[derive(Debug, Default)]
pub struct History {
    done: Vec<Edit>,
    undone: Vec<Edit>,
    /// Gestures under way.
    open: Vec<Change>,
    /// Window time of the last edit's end, in seconds.
    last_at: f64,
}

impl History {
    /// A gesture begins, with the control at `value`.
    pub fn begin(&mut self, control: Control, value: f32) {
        self.open.retain(|change| change.control != control);
        self.open.push(Change {
            control,
            before: value,
            after: value,
        });
    }

    /// The gesture has come to `value`.
    pub fn moved(&mut self, control: Control, value: f32) {
        if let Some(change) = self.open.iter_mut().find(|c| c.control == control) {
            change.after = value;
        }
    }

    /// The gesture is over at window time `now`, in seconds.
    pub fn end(&mut self, control: Control, now: f64) {
        let Some(index) = self.open.iter().position(|c| c.control == control) else {
            return;
        };
        let change = self.open.swap_remove(index);
        let is_recent = now - self.last_at < SAME_EDIT_SECONDS;
        self.last_at = now;
        if is_recent
            && self.undone.is_empty()
            && let Some(last) = self.done.last_mut()
            && !last.switches_slot
            && let [one] = &mut last.changes[..]
            && one.control == control
        {
            one.after = change.after;
            // There and back again is nothing to take back.
            self.done
                .pop_if(|edit| edit.changes[0].before == edit.changes[0].after);
            return;
        }
        self.push(Edit {
            changes: vec![change],
            switches_slot: false,
        });
    }

    /// Adds an edit of several controls, leaving out those that stay; nothing if all do.
    pub fn push(&mut self, mut edit: Edit) {
        edit.changes.retain(|change| change.before != change.after);
        if edit.changes.is_empty() && !edit.switches_slot {
            return;
        }
        self.undone.clear();
        self.done.push(edit);
        if self.done.len() > MAX_EDITS {
            self.done.remove(0);
        }
    }

    pub fn can(&self, direction: Direction) -> bool {
        match direction {
            Direction::Undo => !self.done.is_empty(),
            Direction::Redo => !self.undone.is_empty(),
        }
    }

    /// Goes one edit back or forth and returns it: the controls are to go to `before` or `after`.
    pub fn step(&mut self, direction: Direction) -> Option<Edit> {
        let (from, to) = match direction {
            Direction::Undo => (&mut self.done, &mut self.undone),
            Direction::Redo => (&mut self.undone, &mut self.done),
        };
        let edit = from.pop()?;
        to.push(edit.clone());
        // Whatever is done next is an edit of its own.
        self.last_at = f64::NEG_INFINITY;
        Some(edit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stem::Stem;

    const KNOB: Control = Control::Gain(Stem::Vocals);
    const OTHER_KNOB: Control = Control::Gain(Stem::Bass);

    fn gesture(history: &mut History, control: Control, from: f32, to: f32, now: f64) {
        history.begin(control, from);
        history.moved(control, 0.123);
        history.moved(control, to);
        history.end(control, now);
    }

    #[test]
    fn edits_are_taken_back_and_done_again_in_order() {
        let mut history = History::default();
        gesture(&mut history, KNOB, 0.5, 0.7, 1.0);
        gesture(&mut history, OTHER_KNOB, 0.5, 0.1, 1.1);
        let before = |edit: Option<Edit>| edit.map(|e| (e.changes[0].control, e.changes[0].before));
        assert_eq!(
            before(history.step(Direction::Undo)),
            Some((OTHER_KNOB, 0.5))
        );
        assert_eq!(before(history.step(Direction::Undo)), Some((KNOB, 0.5)));
        assert_eq!(history.step(Direction::Undo), None);
        let edit = history.step(Direction::Redo).expect("one to do again");
        assert_eq!(
            edit.changes,
            [Change {
                control: KNOB,
                before: 0.5,
                after: 0.7
            }]
        );
        // A new edit ends the other future.
        gesture(&mut history, KNOB, 0.7, 0.2, 9.0);
        assert!(!history.can(Direction::Redo));
    }

    #[test]
    fn a_turning_wheel_is_one_edit_until_it_rests() {
        let mut history = History::default();
        for (n, now) in [1.0, 1.3, 1.9, 5.0].into_iter().enumerate() {
            gesture(
                &mut history,
                KNOB,
                n as f32 / 10.0,
                (n + 1) as f32 / 10.0,
                now,
            );
        }
        let edit = history.step(Direction::Undo).expect("the last turn");
        assert_eq!((edit.changes[0].before, edit.changes[0].after), (0.3, 0.4));
        let edit = history.step(Direction::Undo).expect("the turns before");
        assert_eq!((edit.changes[0].before, edit.changes[0].after), (0.0, 0.3));
        assert!(!history.can(Direction::Undo));
    }

    #[test]
    fn what_changes_nothing_is_no_edit() {
        let mut history = History::default();
        gesture(&mut history, KNOB, 0.5, 0.5, 1.0);
        assert!(!history.can(Direction::Undo));
        gesture(&mut history, KNOB, 0.0, 1.0, 5.0);
        gesture(&mut history, KNOB, 1.0, 0.0, 5.4);
        assert!(!history.can(Direction::Undo), "there and back again");
        history.push(Edit {
            switches_slot: true,
            ..Edit::default()
        });
        assert!(history.can(Direction::Undo));
    }

    #[test]
    fn the_oldest_edits_are_forgotten() {
        let mut history = History::default();
        for n in 0..MAX_EDITS + 10 {
            gesture(&mut history, KNOB, n as f32, n as f32 + 1.0, n as f64);
        }
        let mut steps = 0;
        while history.step(Direction::Undo).is_some() {
            steps += 1;
        }
        assert_eq!(steps, MAX_EDITS);
    }
}
