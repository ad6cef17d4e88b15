//! A weights file survives the round trip; a broken one is refused with a sentence that names the
//! file, the tensor, what was expected and what was found.

mod common;

use common::networks::{random_weights, small, small_learned, small_refiner};
use unbraid::nn::{ConvTasNetConfig, ModelError, Precision, WeightsFile};

fn refusal(bytes: &[u8]) -> String {
    let error = WeightsFile::from_bytes("some.safetensors", bytes).expect_err("it is broken");
    let sentence = error.to_string();
    assert!(sentence.starts_with("some.safetensors: "), "{sentence}");
    assert!(!sentence.contains('\n'), "{sentence}");
    sentence
}

fn assert_tells(bytes: &[u8], parts: &[&str]) {
    let sentence = refusal(bytes);
    for part in parts {
        assert!(sentence.contains(part), "{sentence:?} lacks {part:?}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let refined = ConvTasNetConfig {
        refiner: Some(small_refiner()),
        ..small()
    };
    for config in [
        small(),
        refined,
        small_learned(true),
        ConvTasNetConfig::paper(),
    ] {
        let weights = random_weights(&config, 3);
        let exact = WeightsFile::from_bytes("a", &weights.to_bytes(Precision::F32));
        assert!(exact.expect("it is whole") == weights);
        let halves = weights.to_bytes(Precision::F16);
        let read = WeightsFile::from_bytes("b", &halves).expect("it is whole");
        for (name, tensor) in &read.tensors {
            for (got, want) in tensor.values.iter().zip(&weights.tensors[name].values) {
                // Half of f16's last bit, 2^-11.
                assert!((got - want).abs() <= want.abs() * 4.9e-4 + 1e-7, "{name}");
            }
        }
        let again = WeightsFile::from_bytes("c", &read.to_bytes(Precision::F16));
        assert!(
            again.expect("it is whole") == read,
            "halves stay as they are"
        );
    }
}

#[test]
fn bytes_that_are_no_safetensors_are_refused() {
    let whole = random_weights(&small(), 1).to_bytes(Precision::F32);
    assert_tells(&[], &["expected a safetensors file", "an empty file"]);
    assert_tells(b"RIFF....WAVEfmt ", &["expected a safetensors file"]);
    assert_tells(&whole[..whole.len() - 1], &["expected a safetensors file"]);
    assert_tells(&whole[..40], &["expected a safetensors file"]);
    // A header that claims to be longer than any file.
    let mut hostile = whole.clone();
    hostile[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_tells(&hostile, &["expected a safetensors file"]);
}

/// A file with one piece of its header replaced by another of the same length.
fn patched(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = random_weights(&small(), 1).to_bytes(Precision::F32);
    let at = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .expect("the header has it");
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

#[test]
fn metadata_that_is_not_ours_is_refused() {
    assert_tells(
        &patched("unbraid-conv-tasnet", "somebody-elses-file"),
        &[
            "`format`",
            "expected unbraid-conv-tasnet",
            "found somebody-elses-file",
        ],
    );
    assert_tells(
        &patched("\"format_version\":\"1\"", "\"format_version\":\"9\""),
        &["`format_version`", "expected 1 to 1", "found 9"],
    );
    assert_tells(
        &patched("drums,bass,other,vocals", "vocals,bass,other,drums"),
        &[
            "`stems`",
            "expected drums,bass,other,vocals",
            "found vocals,bass",
        ],
    );
    assert_tells(&patched("lookahead_hops", "lookbehindhops"), &["`config`"]);
    assert_tells(
        &patched("\\\"hop_samples\\\":256", "\\\"hop_samples\\\":257"),
        &["hop_samples", "expected a multiple of 256", "found 257"],
    );
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let weights = random_weights(&small(), 1);
    let changed = |change: &dyn Fn(&mut WeightsFile)| {
        let mut changed = weights.clone();
        change(&mut changed);
        changed.to_bytes(Precision::F32)
    };
    let name = "blocks.2.expand.bias";
    let missing = changed(&|w| {
        w.tensors.remove(name);
    });
    assert_tells(
        &missing,
        &[name, "expected shape [40]", "found no such tensor"],
    );
    let reshaped = changed(&|w| {
        let tensor = w.tensors.get_mut(name).expect("it is there");
        tensor.shape = vec![5, 8];
    });
    assert_tells(
        &reshaped,
        &[name, "expected shape [40]", "found shape [5, 8]"],
    );
    let not_finite = changed(&|w| {
        w.tensors.get_mut(name).expect("it is there").values[7] = f32::NAN;
    });
    assert_tells(
        &not_finite,
        &[name, "expected finite values", "found NaN at index 7"],
    );
    let extra = changed(&|w| {
        let tensor = w.tensors[name].clone();
        w.tensors.insert("extra".to_owned(), tensor);
    });
    assert_tells(&extra, &["`extra`", "expected no such tensor"]);
    assert_tells(
        &patched("\"F32\"", "\"I32\""),
        &["expected dtype F16 or F32", "I32"],
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = WeightsFile::read("no/such.safetensors".as_ref()).expect_err("it is missing");
    assert!(matches!(error, ModelError::Read { .. }));
    assert!(error.to_string().starts_with("no/such.safetensors: "));
}
