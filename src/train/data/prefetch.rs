//! Makes things ahead on threads of their own, and hands them over in order.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

/// The things `make(start)`, `make(start + 1)`, … made ahead of their use.
///
/// Dropping it ends the threads, after what they are making.
pub struct Prefetch<T, E> {
    shared: Arc<Shared<T, E>>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared<T, E> {
    state: Mutex<State<T, E>>,
    changed: Condvar,
}

struct State<T, E> {
    /// What the next idle thread makes.
    to_make: u64,
    /// What [`Prefetch::next`] hands over next.
    to_hand_over: u64,
    /// By index: a result, or the panic that came instead.
    ready: BTreeMap<u64, thread::Result<Result<T, E>>>,
    is_ending: bool,
}

impl<T: Send + 'static, E: Send + 'static> Prefetch<T, E> {
    /// Starts `num_threads` threads, at least one, that keep at most `capacity` things, at least
    /// one, made or in the making.
    pub fn new(
        num_threads: usize,
        capacity: usize,
        start_index: u64,
        make: impl Fn(u64) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                to_make: start_index,
                to_hand_over: start_index,
                ready: BTreeMap::new(),
                is_ending: false,
            }),
            changed: Condvar::new(),
        });
        let capacity = capacity.max(1) as u64;
        let make = Arc::new(make);
        let start_thread = |_| {
            let (shared, make) = (Arc::clone(&shared), Arc::clone(&make));
            thread::spawn(move || shared.work(capacity, &*make))
        };
        let threads = (0..num_threads.max(1)).map(start_thread).collect();
        Self { shared, threads }
    }

    /// The next thing, in order, or what `make` refused it with; waits until it is made. After an
    /// error, the one after it is next.
    ///
    /// # Panics
    /// As `make` did.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator that never ends hides errors"
    )]
    pub fn next(&mut self) -> Result<T, E> {
        let mut state = self.shared.lock();
        let made = loop {
            let index = state.to_hand_over;
            match state.ready.remove(&index) {
                Some(made) => break made,
                None => state = self.shared.wait(state),
            }
        };
        state.to_hand_over += 1;
        drop(state);
        self.shared.changed.notify_all();
        made.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

type Guard<'a, T, E> = std::sync::MutexGuard<'a, State<T, E>>;

impl<T, E> Shared<T, E> {
    fn lock(&self) -> Guard<'_, T, E> {
        self.state.lock().expect("no holder of this lock panics")
    }

    fn wait<'a>(&self, state: Guard<'a, T, E>) -> Guard<'a, T, E> {
        self.changed
            .wait(state)
            .expect("no holder of this lock panics")
    }

    fn work(&self, capacity: u64, make: &impl Fn(u64) -> Result<T, E>) {
        let mut state = self.lock();
        while !state.is_ending {
            if state.to_make >= state.to_hand_over + capacity {
                state = self.wait(state);
                continue;
            }
            let index = state.to_make;
            state.to_make += 1;
            drop(state);
            // Whoever sees the panic goes down with it, so a broken invariant reaches no one.
            let made = catch_unwind(AssertUnwindSafe(|| make(index)));
            state = self.lock();
            state.ready.insert(index, made);
            self.changed.notify_all();
        }
    }
}

impl<T, E> Drop for Prefetch<T, E> {
    fn drop(&mut self) {
        self.shared.lock().is_ending = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().expect("panics of the work are caught");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn things_come_in_order_whoever_is_first() {
        let make = |index: u64| {
            thread::sleep(Duration::from_millis((index * 7) % 5));
            Ok::<_, ()>(index)
        };
        let mut prefetch = Prefetch::new(3, 4, 10, make);
        let got: Vec<u64> = (0..50).map(|_| prefetch.next().unwrap()).collect();
        assert_eq!(got, (10..60).collect::<Vec<_>>());
    }

    #[test]
    fn no_more_is_made_ahead_than_fits() {
        let num_made = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&num_made);
        let mut prefetch = Prefetch::new(2, 3, 0, move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, ()>(())
        });
        for taken in 0..10 {
            // Long enough for many more to be made, if nothing held the threads back.
            thread::sleep(Duration::from_millis(10));
            assert!(num_made.load(Ordering::SeqCst) <= taken + 3);
            prefetch.next().unwrap();
        }
        assert!(num_made.load(Ordering::SeqCst) >= 10);
    }

    #[test]
    fn an_error_comes_in_its_place_and_the_rest_goes_on() {
        let make = |index| if index == 2 { Err(index) } else { Ok(index) };
        let mut prefetch = Prefetch::new(2, 4, 0, make);
        let got = [(); 4].map(|()| prefetch.next());
        assert_eq!(got, [Ok(0), Ok(1), Err(2), Ok(3)]);
    }

    #[test]
    fn a_panic_surfaces_and_dropping_still_ends() {
        let mut prefetch = Prefetch::new(2, 4, 0, |index| {
            assert!(index != 1, "bad luck");
            Ok::<_, ()>(index)
        });
        assert_eq!(prefetch.next(), Ok(0));
        let panic = catch_unwind(AssertUnwindSafe(|| prefetch.next())).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"bad luck"));
        assert_eq!(prefetch.next(), Ok(2));
    }

    #[test]
    fn dropping_ends_the_threads() {
        struct Alive(Arc<AtomicUsize>);
        impl Drop for Alive {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let num_dropped = Arc::new(AtomicUsize::new(0));
        let alive = Alive(Arc::clone(&num_dropped));
        let prefetch = Prefetch::new(3, 2, 0, move |index| {
            let _ = &alive;
            Ok::<_, ()>(index)
        });
        drop(prefetch);
        // What `make` holds is gone only when the last thread that has it is.
        assert_eq!(num_dropped.load(Ordering::SeqCst), 1);
    }
}
