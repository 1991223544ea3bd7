//! Whether shares fit on devices in any way at all: what the ledger's one way of filling them is judged by.

/// Beyond so many steps the answer is yes.
const STEPS_MAX: u32 = 20_000;

/// Whether the devices could hold all shares, each given as how many different devices it takes and how much
/// of each. Also true where trying takes too long, so that "no" is a proof.
pub(crate) fn could_pack(devices: &mut [u16], shares: &mut [(u8, u16)]) -> bool {
    shares.sort_unstable_by_key(|&(count, milli)| std::cmp::Reverse((milli, count)));
    let first = shares.first().map_or(0, |&(count, _)| count);
    pack(devices, shares, first, 0, &mut STEPS_MAX.clone())
}

/// `left` of the first share's devices are still to be found, at or behind `from`.
fn pack(devices: &mut [u16], shares: &[(u8, u16)], left: u8, from: usize, steps: &mut u32) -> bool {
    let Some((&(_, milli), rest)) = shares.split_first() else { return true };
    if left == 0 {
        return pack(devices, rest, rest.first().map_or(0, |&(count, _)| count), 0, steps);
    }
    for device in from..devices.len() {
        // Of devices with the same left the first speaks for all.
        if devices[device] < milli || devices[from..device].contains(&devices[device]) {
            continue;
        }
        if *steps == 0 {
            return true;
        }
        *steps -= 1;
        devices[device] -= milli;
        let packed = pack(devices, shares, left - 1, device + 1, steps);
        devices[device] += milli;
        if packed {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_best_fit_would_strand_still_pack() {
        // Best fit puts 400 beside 500 and has no room for the last 500.
        assert!(could_pack(&mut [1_000, 1_000], &mut [(1, 500), (1, 400), (1, 500), (1, 600)]));
        assert!(!could_pack(&mut [1_000, 1_000], &mut [(1, 500), (1, 401), (1, 500), (1, 600)]));
        assert!(could_pack(&mut [300, 1_000, 300], &mut [(2, 300), (1, 700), (1, 300)]));
        assert!(!could_pack(&mut [300, 1_000], &mut [(2, 300), (1, 701)]));
        assert!(!could_pack(&mut [1_000; 3], &mut [(4, 1)]));
        assert!(could_pack(&mut [], &mut []));
    }

    #[test]
    fn what_takes_too_long_is_not_denied() {
        // 31 shares of 334 do not fit 16 devices, two on each less one: there are too many ways to try them
        // all.
        let mut shares: Vec<(u8, u16)> = (0..33).map(|share| (1, 334 + share)).collect();
        assert!(could_pack(&mut [1_000; 16], &mut shares));
    }
}
