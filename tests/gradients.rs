//! Hand-written gradients against candle's automatic ones.

use candle_core::{Device, Tensor, Var};
use unbraid::dice::Dice;
use unbraid::nn::config::NormKind;
use unbraid::nn::refiner::config::{RefinerConfig, RefinerShape};
use unbraid::train::mask_loss::{self, MaskTargets, mask_cross_entropy};
use unbraid::train::middle::Middle;
use unbraid::train::parameters::{MIDDLE_ROWS, SLOPE1, SLOPE2, TAPS};
use unbraid::train::refine::{refine, refine_plain};

const BATCH: usize = 2;
const FRAMES: usize = 19;
const HIDDEN: usize = 5;
const KERNEL: usize = 3;

fn random(dice: &mut Dice, count: usize, centre: f64, spread: f64) -> Vec<f32> {
    (0..count)
        .map(|_| dice.between(centre - spread, centre + spread) as f32)
        .collect()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.flatten_all().expect("a tensor is flat");
    flat.to_vec1().expect("of f32")
}

fn assert_close(got: &[f32], want: &[f32], tolerance: f32, case: &str) {
    assert_eq!(got.len(), want.len(), "{case}");
    let largest = want.iter().fold(1.0_f32, |m, x| m.max(x.abs()));
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (got - want).abs() / largest;
        assert!(error <= tolerance, "{case} at {i}: {got}, want {want}");
    }
}

#[test]
fn the_fused_middle_is_the_plain_one_and_so_are_its_gradients() -> candle_core::Result<()> {
    let mut dice = Dice::new(1, 0_u64);
    for norm in [NormKind::Batch, NormKind::Frame] {
        for dilation in [1, 4, 30] {
            for is_running in [false, true] {
                let case = format!("{norm:?}, dilation {dilation}, running: {is_running}");
                let x = random(&mut dice, BATCH * FRAMES * HIDDEN, 0.2, 1.5);
                let mut packed = random(&mut dice, (MIDDLE_ROWS + KERNEL) * HIDDEN, 0.4, 0.8);
                // A slope near 0 can make a channel constant, and dividing by its deviation noise.
                for slope in [SLOPE1, TAPS + KERNEL + SLOPE2] {
                    let row = random(&mut dice, HIDDEN, 0.4, 0.2);
                    packed[slope * HIDDEN..][..HIDDEN].copy_from_slice(&row);
                }
                let running = random(&mut dice, 4 * HIDDEN, 0.6, 0.4);
                let running = is_running.then_some(&running[..]);
                let weight = random(&mut dice, x.len(), 0.0, 1.0);
                let device = Device::Cpu;
                let x = Var::from_tensor(&Tensor::from_vec(x, (BATCH, FRAMES, HIDDEN), &device)?)?;
                let shape = (MIDDLE_ROWS + KERNEL, HIDDEN);
                let packed = Var::from_tensor(&Tensor::from_vec(packed, shape, &device)?)?;
                let weight = Tensor::from_vec(weight, x.shape(), &device)?;

                let middle = Middle {
                    dilation,
                    norm,
                    is_watched: false,
                };
                let fused = middle.apply(&x, &packed, running)?;
                let plain = middle.apply_plain(&x, &packed, running)?;
                // Sums of some ten f32 values of order 1 in another order.
                assert_close(&values(&fused.values), &values(&plain.values), 2e-6, &case);
                match (&fused.moments, &plain.moments) {
                    (Some(fused), Some(plain)) => assert_close(fused, plain, 2e-6, &case),
                    (fused, plain) => assert_eq!(fused, plain, "{case}"),
                }
                let gradients = |output: &Tensor| (output * &weight)?.sum_all()?.backward();
                let got = gradients(&fused.values)?;
                let want = gradients(&plain.values)?;
                for (name, variable) in [("x", &x), ("parameters", &packed)] {
                    let case = format!("{case}, gradient of {name}");
                    let [got, want] = [&got, &want]
                        .map(|store| values(store.get(variable).expect("it has a gradient")));
                    assert!(want.iter().any(|g| g.abs() > 0.1), "{case} says something");
                    assert_close(&got, &want, 1e-5, &case);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn mask_cross_entropy_is_the_plain_one_and_so_is_its_gradient() -> candle_core::Result<()> {
    let mut dice = Dice::new(2, 0_u64);
    let bands = 7;
    let targets: Vec<MaskTargets> = (0..BATCH)
        .map(|_| {
            let weights = random(&mut dice, FRAMES * bands, 1.0, 0.9);
            let mut targets = MaskTargets {
                masks: random(&mut dice, FRAMES * 4 * bands, 0.25, 0.2),
                weights,
                num_frames: FRAMES,
                num_counted: FRAMES - 3,
            };
            targets.weights[..3 * bands].fill(0.0);
            targets
        })
        .collect();
    let targets: Vec<_> = targets.iter().collect();
    let x = random(&mut dice, BATCH * FRAMES * 4 * bands, 0.0, 4.0);
    let x = Tensor::from_vec(x, (BATCH, FRAMES, 4 * bands), &Device::Cpu)?;
    let x = Var::from_tensor(&x)?;
    // Twice, so that a gradient from above is seen.
    let fused = (mask_cross_entropy(&x, &targets)? * 2.0)?;
    let plain = (mask_loss::plain(&x, &targets)? * 2.0)?;
    assert_close(&values(&fused), &values(&plain), 1e-6, "loss");
    let [got, want] = [&fused, &plain].map(|loss| {
        let store = loss.backward().expect("a loss has gradients");
        values(store.get(&x).expect("it has a gradient"))
    });
    let scale = want.iter().fold(0.0_f32, |m, g| m.max(g.abs()));
    let scaled = |g: Vec<f32>| g.iter().map(|g| g / scale).collect::<Vec<_>>();
    assert_close(&scaled(got), &scaled(want), 1e-5, "gradient");
    Ok(())
}

#[test]
fn the_fused_refiner_is_the_plain_one_and_so_are_its_gradients() -> candle_core::Result<()> {
    let mut dice = Dice::new(3, 0_u64);
    let device = Device::Cpu;
    for (bands, ages, middle_ages) in [
        (1, vec![0], vec![]),
        (3, vec![1, 2], vec![1]),
        (9, vec![0, 1, 3, 30], vec![2, 40, 5]),
        (7, vec![0, 4], vec![]),
    ] {
        let shape = RefinerShape {
            config: RefinerConfig {
                channels: 8,
                bands,
                ages,
                middle_ages,
            },
            num_bands: 21,
            features: 3,
            masks: 4,
        };
        let case = format!("{shape:?}");
        let features = random(&mut dice, BATCH * FRAMES * 3 * 21, 3.0, 8.0);
        let features = Tensor::from_vec(features, (BATCH, FRAMES, 3 * 21), &device)?;
        let masks = random(&mut dice, BATCH * FRAMES * 4 * 21, 0.0, 2.0);
        let masks = Tensor::from_vec(masks, (BATCH, FRAMES, 4 * 21), &device)?;
        let masks = Var::from_tensor(&masks)?;
        let weight = random(&mut dice, BATCH * FRAMES * 4 * 21, 0.0, 1.0);
        let weight = Tensor::from_vec(weight, masks.shape(), &device)?;
        let variables = shape.tensors().into_iter().map(|(name, shape)| {
            let inputs = if shape.len() == 2 { shape[1] } else { 1 };
            let spread = if name.ends_with("weight") {
                1.7 / (inputs as f64).sqrt()
            } else {
                0.5
            };
            let count = shape.iter().product();
            let values = random(&mut dice, count, 0.0, spread);
            Ok((
                name,
                Var::from_tensor(&Tensor::from_vec(values, shape, &device)?)?,
            ))
        });
        let variables: Vec<(String, Var)> = variables.collect::<candle_core::Result<_>>()?;
        let weights: Vec<&Tensor> = variables.iter().map(|(_, v)| v.as_tensor()).collect();
        let fused = refine(&shape, &features, &masks, &weights)?;
        let plain = refine_plain(&shape, &features, &masks, &weights)?;
        // Sums of some hundred f32 values of order 1 in another order.
        assert_close(&values(&fused), &values(&plain), 1e-5, &case);
        let gradients = |output: &Tensor| (output * &weight)?.sum_all()?.backward();
        let (got, want) = (gradients(&fused)?, gradients(&plain)?);
        let of_masks = ("masks".to_owned(), masks);
        for (name, variable) in variables.iter().chain([&of_masks]) {
            let case = format!("{case}, gradient of {name}");
            let [got, want] =
                [&got, &want].map(|store| values(store.get(variable).expect("it has a gradient")));
            assert!(want.iter().any(|g| g.abs() > 0.1), "{case} says something");
            assert_close(&got, &want, 1e-5, &case);
        }
    }
    Ok(())
}
