//! The queue of what is to happen, in the order of time. It knows nothing of what the events are.
//!
//! A timing wheel: events of the near future lie in slots of about a millisecond, later ones in slots of about a
//! second, and the rest in a heap. So an event costs the same however many there are.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::drill::net::Micros;

/// Slots of a wheel.
const SLOTS: u64 = 1_024;

/// Microseconds of a slot of the fine wheel, as a power of two.
const TICK: u32 = 10;

/// Ticks of a slot of the coarse wheel, as a power of two.
const TURN: u32 = 10;

/// An event that waits. Those of one moment happen in the order in which they were set.
#[derive(Debug)]
struct Waiting<E> {
    at: Micros,
    number: u64,
    event: E,
}

/// Events by time.
#[derive(Debug)]
pub(in crate::drill) struct Queue<E> {
    /// The tick up to which events have been taken out of the wheels.
    tick: u64,
    /// What is due until the end of that tick.
    due: BinaryHeap<Reverse<Waiting<E>>>,
    fine: Wheel<E>,
    coarse: Wheel<E>,
    far: BinaryHeap<Reverse<Waiting<E>>>,
    /// Counts the events that were set.
    number: u64,
    /// A tick has begun, and nobody has looked at its events yet.
    unseen: bool,
}

#[derive(Debug)]
struct Wheel<E> {
    slots: Vec<Vec<Waiting<E>>>,
    count: usize,
}

impl<E> Queue<E> {
    pub(in crate::drill) fn new() -> Self {
        Self {
            tick: 0,
            due: BinaryHeap::new(),
            fine: Wheel::new(),
            coarse: Wheel::new(),
            far: BinaryHeap::new(),
            number: 0,
            unseen: false,
        }
    }

    /// The events of a tick that has begun, in no order, when they are asked for the first time.
    #[inline]
    pub(in crate::drill) fn unseen(&mut self) -> impl Iterator<Item = &E> {
        let unseen = std::mem::take(&mut self.unseen);
        let events = unseen.then(|| self.due.iter());
        events.into_iter().flatten().map(|Reverse(it)| &it.event)
    }

    /// Sets an event.
    #[inline]
    pub(in crate::drill) fn push(&mut self, at: Micros, event: E) {
        self.number += 1;
        let number = self.number;
        self.place(Waiting { at, number, event });
    }

    /// Takes out the first event, if it is due by `until`.
    #[inline]
    pub(in crate::drill) fn pop(&mut self, until: Micros) -> Option<(Micros, E)> {
        loop {
            if let Some(Reverse(first)) = self.due.peek() {
                if first.at > until {
                    return None;
                }
                return self.due.pop().map(|Reverse(it)| (it.at, it.event));
            }
            if self.tick >= until >> TICK {
                return None;
            }
            self.turn(until >> TICK);
        }
    }

    #[inline]
    fn place(&mut self, it: Waiting<E>) {
        let tick = it.at >> TICK;
        if tick <= self.tick {
            self.due.push(Reverse(it));
        } else if tick - self.tick < SLOTS {
            self.fine.put(tick, it);
        } else if (tick >> TURN) - (self.tick >> TURN) < SLOTS {
            self.coarse.put(tick >> TURN, it);
        } else {
            self.far.push(Reverse(it));
        }
    }

    /// Goes to the next tick, or to the next turn in which something is due; not far beyond `until`.
    fn turn(&mut self, until: u64) {
        let next = (self.tick >> TURN) + 1;
        self.tick = if self.fine.count > 0 {
            self.tick + 1
        } else if self.coarse.count > 0 {
            next << TURN
        } else {
            let far = self.far.peek().map(|Reverse(it)| it.at >> TICK);
            let goal = far.map_or(until, |far| far.min(until));
            (goal >> TURN).max(next) << TURN
        };
        if self.tick.is_multiple_of(SLOTS) {
            let turn = self.tick >> TURN;
            while self
                .far
                .peek()
                .is_some_and(|Reverse(it)| (it.at >> TICK >> TURN) - turn < SLOTS)
            {
                if let Some(Reverse(it)) = self.far.pop() {
                    self.place(it);
                }
            }
            for it in self.coarse.take(turn) {
                self.place(it);
            }
        }
        let mut now = self.fine.take(self.tick);
        for it in now.drain(..) {
            self.due.push(Reverse(it));
        }
        self.fine.give_back(self.tick, now);
        self.unseen = true;
    }
}

impl<E> Wheel<E> {
    fn new() -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Self { slots, count: 0 }
    }

    fn slot(at: u64) -> usize {
        usize::try_from(at % SLOTS).unwrap_or(0)
    }

    fn put(&mut self, at: u64, it: Waiting<E>) {
        if let Some(slot) = self.slots.get_mut(Self::slot(at)) {
            slot.push(it);
            self.count += 1;
        }
    }

    fn take(&mut self, at: u64) -> Vec<Waiting<E>> {
        let slot = self.slots.get_mut(Self::slot(at));
        let taken = slot.map(std::mem::take).unwrap_or_default();
        self.count -= taken.len();
        taken
    }

    /// An emptied slot keeps its room.
    fn give_back(&mut self, at: u64, room: Vec<Waiting<E>>) {
        if let Some(slot) = self.slots.get_mut(Self::slot(at))
            && slot.capacity() == 0
        {
            *slot = room;
        }
    }
}

impl<E> PartialEq for Waiting<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Waiting<E> {}

impl<E> PartialOrd for Waiting<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Waiting<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However events are set and taken, they come by time, and in the order in which they were set.
        #[test]
        fn events_come_in_their_order(
            steps in prop::collection::vec((0..4_u8, 0..5_000_000_u64, any::<bool>()), 1..200)
        ) {
            let mut queue = Queue::new();
            let mut plain = Vec::new();
            let (mut now, mut number) = (0_u64, 0_u32);
            for (scale, offset, takes) in steps {
                // From within a tick to days.
                let at = now + (offset << (scale * 6)) / 1_000;
                number += 1;
                queue.push(at, number);
                plain.push((at, number));
                if takes {
                    now += offset;
                    plain.sort_unstable();
                    while let Some(taken) = queue.pop(now) {
                        prop_assert_eq!(taken, plain.remove(0));
                    }
                    prop_assert!(plain.first().is_none_or(|it| it.0 > now));
                }
            }
            plain.sort_unstable();
            while let Some(taken) = queue.pop(1 << 45) {
                prop_assert_eq!(taken, plain.remove(0));
            }
            prop_assert!(plain.is_empty());
        }
    }
}
