//! What is allocated, counted by an allocator of its own: all tests of this file share it, so there is only
//! one.
#![allow(clippy::unwrap_used)]

#[path = "../examples/support/laws.rs"]
mod laws;

use quorate_nsga2::sort::Sorter;
use quorate_nsga2::{Engine, Real, Settings, problems};
use quorate_types::NoControl;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged; only counters are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc`, which is that of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn memory_is_linear_and_warm_calls_allocate_nothing() {
    let points = 50_000;
    for law in laws::LAWS {
        for count in 2..=5 {
            let objectives = laws::instance(law, points, count);
            let before = HELD.load(Ordering::Relaxed);
            PEAK.store(before, Ordering::Relaxed);
            let mut sorter = Sorter::default();
            sorter.rank(&objectives, count).unwrap();
            let used = PEAK.load(Ordering::Relaxed) - before;
            assert!(used <= 64 * points * count, "{law} {count}: {used} bytes");
            let calls = CALLS.load(Ordering::Relaxed);
            sorter.rank(&objectives, count).unwrap();
            assert_eq!(CALLS.load(Ordering::Relaxed), calls, "{law} {count}");
        }
    }

    for name in ["ZDT1", "DTLZ2", "MW5"] {
        let settings = Settings { population: 200, generations: 200, parallel: false, ..Settings::default() };
        let mut engine = Engine::new(Real::new(problems::by_name(name, None).unwrap()), settings).unwrap();
        for _ in 0..150 {
            engine.step(&NoControl).unwrap();
        }
        let calls = CALLS.load(Ordering::Relaxed);
        for _ in 0..50 {
            engine.step(&NoControl).unwrap();
        }
        // Buffers may still grow once or twice as fronts take new shapes, but no generation pays on
        // principle.
        let grown = CALLS.load(Ordering::Relaxed) - calls;
        assert!(grown <= 5, "{name}: {grown} allocations in 50 generations");
    }
}
