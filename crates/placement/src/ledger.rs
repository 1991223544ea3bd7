//! Who is where, and what room that leaves: the one place where capacities are held.
//!
//! What a node has left is a function of the set of jobs on it alone, never of the order in which they came:
//! amounts are sums, and the devices of the node are filled anew by its jobs in canonical order, each taking
//! the fullest devices that still hold its share (best fit). So an evaluation that changes a few genes ends
//! in the same state as one that starts from nothing.

use std::cell::Cell;

use crate::instance::{Instance, NOWHERE};
use crate::resource::{Amounts, GPUS_PER_NODE_MAX, MILLI_PER_GPU, within};

/// The state of one node.
#[derive(Clone, Copy, Debug)]
struct Room {
    free: Amounts,
    /// First and last gene of the node's list, in canonical order.
    head: u32,
    tail: u32,
    /// Devices without any load, minus the devices that the node's jobs ask for. While it is not negative the
    /// jobs fit whatever their shares are, because each could have devices of its own.
    spare_devices: i32,
    load: u32,
}

/// The state of all nodes.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    rooms: Vec<Room>,
    empty: Vec<Room>,
    /// The next gene on the same node.
    next: Vec<u32>,
    /// What the node's jobs leave of each of its devices, or UNKNOWN since the node changed. Filling devices
    /// anew for every question took a quarter of a run.
    filled: Vec<Cell<Devices>>,
}

/// No device has so much left.
const UNKNOWN: Devices = [u16::MAX; GPUS_PER_NODE_MAX];

impl Ledger {
    /// No job anywhere; existing load is there.
    pub(crate) fn new(instance: &Instance<'_>) -> Self {
        let fleet = instance.fleet;
        let empty: Vec<Room> = (0..fleet.len())
            .map(|node| {
                let whole = fleet.gpu_free(node).iter().filter(|&&milli| milli == MILLI_PER_GPU).count();
                let free = fleet.free(node);
                let load = instance.load(node as u32, &free);
                Room { free, head: NOWHERE, tail: NOWHERE, spare_devices: whole as i32, load }
            })
            .collect();
        let filled = vec![Cell::new(UNKNOWN); fleet.len()];
        Self { rooms: empty.clone(), empty, next: vec![NOWHERE; instance.genes()], filled }
    }

    /// Removes all jobs. `used` are the nodes that may have some.
    pub(crate) fn clear(&mut self, used: &[u32]) {
        // Copying the whole table is faster than touching a third of it in random order.
        if used.len() * 3 > self.rooms.len() {
            self.rooms.copy_from_slice(&self.empty);
            self.filled.fill(Cell::new(UNKNOWN));
            return;
        }
        for &node in used {
            if node != NOWHERE {
                self.rooms[node as usize] = self.empty[node as usize];
                self.filled[node as usize].set(UNKNOWN);
            }
        }
    }

    /// What the node has left.
    pub(crate) fn free(&self, node: u32) -> &Amounts {
        &self.rooms[node as usize].free
    }

    /// The load of the node when [`Ledger::settle`] was last called for it.
    pub(crate) fn load(&self, node: u32) -> u32 {
        self.rooms[node as usize].load
    }

    /// The jobs of a node, in canonical order.
    pub(crate) fn genes_on(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let mut gene = self.rooms[node as usize].head;
        std::iter::from_fn(move || {
            let here = (gene != NOWHERE).then_some(gene)?;
            gene = self.next[here as usize];
            Some(here)
        })
    }

    /// Whether the node has room for one more job; whether it may take it at all is the instance's question.
    #[inline]
    pub(crate) fn admits(&self, instance: &Instance<'_>, node: u32, gene: usize) -> bool {
        let demand = &instance.demands[gene];
        let room = &self.rooms[node as usize];
        within(&demand.need, &room.free)
            && (i32::from(demand.gpu_count) <= room.spare_devices.max(0)
                || self.devices_hold(instance, node, gene as u32))
    }

    /// Adds the last job of a node in canonical order.
    #[inline]
    pub(crate) fn append(&mut self, instance: &Instance<'_>, node: u32, gene: usize) {
        let demand = &instance.demands[gene];
        let mut devices = self.filled[node as usize].get();
        if devices != UNKNOWN {
            // The last job in canonical order is the last to take its devices, so those of the others stay.
            take_devices(&mut devices, demand.gpu_count, demand.gpu_milli);
        }
        let room = &mut self.rooms[node as usize];
        if room.tail == NOWHERE {
            room.head = gene as u32;
        } else {
            self.next[room.tail as usize] = gene as u32;
        }
        room.tail = gene as u32;
        self.next[gene] = NOWHERE;
        self.take(instance, node, gene);
        self.filled[node as usize].set(devices);
    }

    /// Adds a job at its place in canonical order.
    pub(crate) fn insert(&mut self, instance: &Instance<'_>, node: u32, gene: usize) {
        self.link(node, gene as u32);
        self.take(instance, node, gene);
    }

    /// Removes a job from the node it is on.
    pub(crate) fn remove(&mut self, instance: &Instance<'_>, node: u32, gene: usize) {
        self.unlink(node, gene as u32);
        let demand = &instance.demands[gene];
        let room = &mut self.rooms[node as usize];
        for (free, need) in room.free.iter_mut().zip(demand.need) {
            *free += need;
        }
        room.spare_devices += i32::from(demand.gpu_count);
        self.filled[node as usize].set(UNKNOWN);
    }

    /// Whether the devices of the node hold the jobs that are on it. Taking a job away can, very rarely,
    /// spoil the packing of the others, because they are filled anew.
    pub(crate) fn is_sound(&self, instance: &Instance<'_>, node: u32) -> bool {
        self.rooms[node as usize].spare_devices >= 0 || self.fill_devices(instance, node, NOWHERE).is_some()
    }

    /// Puts a job on a node's list without asking for room; [`Ledger::refill`] must follow.
    pub(crate) fn link(&mut self, node: u32, gene: u32) {
        let room = &mut self.rooms[node as usize];
        let mut before = NOWHERE;
        let mut after = room.head;
        while after < gene {
            before = after;
            after = self.next[after as usize];
        }
        self.next[gene as usize] = after;
        if before == NOWHERE {
            room.head = gene;
        } else {
            self.next[before as usize] = gene;
        }
        if after == NOWHERE {
            room.tail = gene;
        }
    }

    /// Takes a job off a node's list without giving back its room; [`Ledger::refill`] must follow.
    pub(crate) fn unlink(&mut self, node: u32, gene: u32) {
        let room = &mut self.rooms[node as usize];
        let mut before = NOWHERE;
        let mut here = room.head;
        while here != gene {
            before = here;
            here = self.next[here as usize];
        }
        let after = self.next[here as usize];
        if before == NOWHERE {
            room.head = after;
        } else {
            self.next[before as usize] = after;
        }
        if after == NOWHERE {
            room.tail = before;
        }
    }

    /// Gives the room of a node anew to the jobs of its list, in canonical order; those that find none go to
    /// `rejected`.
    pub(crate) fn refill(&mut self, instance: &Instance<'_>, node: u32, rejected: &mut Vec<u32>) {
        let Room { mut head, load, .. } = self.rooms[node as usize];
        self.rooms[node as usize] = Room { load, ..self.empty[node as usize] };
        self.filled[node as usize].set(UNKNOWN);
        while head != NOWHERE {
            let after = self.next[head as usize];
            if self.admits(instance, node, head as usize) {
                self.append(instance, node, head as usize);
            } else {
                rejected.push(head);
            }
            head = after;
        }
    }

    /// Brings the load of a node up to date and returns it as it was and as it is.
    pub(crate) fn settle(&mut self, instance: &Instance<'_>, node: u32) -> (u32, u32) {
        let room = &mut self.rooms[node as usize];
        let before = room.load;
        room.load = instance.load(node, &room.free);
        (before, room.load)
    }

    #[inline]
    fn take(&mut self, instance: &Instance<'_>, node: u32, gene: usize) {
        let demand = &instance.demands[gene];
        let room = &mut self.rooms[node as usize];
        for (free, need) in room.free.iter_mut().zip(demand.need) {
            *free -= need;
        }
        room.spare_devices -= i32::from(demand.gpu_count);
        self.filled[node as usize].set(UNKNOWN);
    }

    /// Whether a device is left that is wide enough, and, filled in canonical order, the devices of the node
    /// hold its jobs and
    /// `newcomer`.
    fn devices_hold(&self, instance: &Instance<'_>, node: u32, newcomer: u32) -> bool {
        let demand = &instance.demands[newcomer as usize];
        if demand.gpu_count == 0 {
            return true;
        }
        let mut devices = self.devices(instance, node);
        if !devices.iter().any(|&free| free >= demand.gpu_milli) {
            return false;
        }
        let tail = self.rooms[node as usize].tail;
        if tail == NOWHERE || tail < newcomer {
            return take_devices(&mut devices, demand.gpu_count, demand.gpu_milli);
        }
        self.fill_devices(instance, node, newcomer).is_some()
    }

    /// What the node's jobs leave of each of its devices.
    pub(crate) fn devices(&self, instance: &Instance<'_>, node: u32) -> Devices {
        let mut devices = self.filled[node as usize].get();
        if devices == UNKNOWN {
            // A ledger holds sound nodes only, so the fallback is never taken.
            devices = self.fill_devices(instance, node, NOWHERE).unwrap_or([0; GPUS_PER_NODE_MAX]);
            self.filled[node as usize].set(devices);
        }
        devices
    }

    fn fill_devices(&self, instance: &Instance<'_>, node: u32, mut newcomer: u32) -> Option<Devices> {
        let mut devices = instance.fleet.gpu_free(node as usize);
        let own = usize::from(instance.fleet.columns().gpu_count[node as usize]);
        let mut next = self.rooms[node as usize].head;
        loop {
            // NOWHERE is larger than every gene, so the end of the list and a newcomer that was served need
            // no test.
            let gene = next.min(newcomer);
            if gene == NOWHERE {
                return Some(devices);
            }
            let demand = &instance.demands[gene as usize];
            if !take_devices(&mut devices[..own], demand.gpu_count, demand.gpu_milli) {
                return None;
            }
            if gene == newcomer {
                newcomer = NOWHERE;
            } else {
                next = self.next[gene as usize];
            }
        }
    }
}

/// What is free of each device of a node, in thousandths.
pub(crate) type Devices = [u16; GPUS_PER_NODE_MAX];

/// Takes `milli` of each of `count` different devices, the fullest that still hold it; false where there are
/// fewer.
pub(crate) fn take_devices(devices: &mut [u16], count: u8, milli: u16) -> bool {
    let mut taken = 0_u32;
    for _ in 0..count {
        let mut best = usize::MAX;
        let mut best_free = u16::MAX;
        for (device, &free) in devices.iter().enumerate() {
            if free >= milli && free < best_free && taken >> device & 1 == 0 {
                best = device;
                best_free = free;
            }
        }
        if best == usize::MAX {
            return false;
        }
        devices[best] -= milli;
        taken |= 1 << best;
    }
    true
}
