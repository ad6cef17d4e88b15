//! The `bench` tool: its figures are of the right calls and in order.
#![cfg(feature = "tools")]

use std::process::Command;

/// Whether the build has a model of its own.
const DEFAULT_MODELS: bool = cfg!(feature = "default-models");

fn bench(arguments: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn json_has_a_row_for_each_mode_and_rate_and_for_each_network() {
    let (code, stdout, stderr) =
        bench("--seconds 0.5 --passes 2 --rates 44100,48000 --block 64 --json");
    assert_eq!((code, stderr.as_str()), (0, ""));
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let rows = report["modes"].as_array().unwrap();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let modes = [
        ("hpss-live", [256, 280]),
        ("hpss-mix", [256, 280]),
        ("conv-tasnet-live", [256, 280]),
        ("conv-tasnet-studio", [512, 560]),
    ];
    let num_modes = if DEFAULT_MODELS { 4 } else { 2 };
    assert_eq!(rows.len(), 2 * num_modes);
    let cases = modes[..num_modes]
        .iter()
        .flat_map(|&(mode, hops)| [(mode, 44_100.0, hops[0]), (mode, 48_000.0, hops[1])]);
    for (mode, rate_hz, hop_samples) in cases {
        let row = rows
            .iter()
            .find(|row| row["mode"] == mode && row["rate_hz"] == rate_hz)
            .unwrap_or_else(|| panic!("{mode} at {rate_hz} Hz is missing"));
        let num_samples = (rate_hz * 0.5) as usize;
        for (name, length) in [("hop", hop_samples), ("block", 64)] {
            let cost = &row[name];
            assert_eq!(cost["num_samples"], length);
            assert_eq!(cost["num_calls"], num_samples / length);
            let (median, high) = (number(&cost["median_us"]), number(&cost["p99_9_us"]));
            let max = number(&cost["max_us"]);
            assert!(0.0 < median && median <= high && high <= max, "{cost}");
            let deadline_us = length as f64 / rate_hz * 1e6;
            assert!((number(&cost["max_load"]) * deadline_us - max).abs() < 1e-6 * max);
        }
        // A block that runs a hop costs at least the hop; most only collect.
        assert!(number(&row["block"]["max_us"]) > number(&row["block"]["median_us"]));
        assert!(number(&row["song_real_time_factor"]) > 0.0);
    }

    let networks = report["networks"].as_array().unwrap();
    let built_in = networks.iter().filter(|row| row["built_in"] == true);
    assert_eq!(built_in.count() > 0, DEFAULT_MODELS);
    for shape in ["B128 H256 X8 R3", "B256 H512 X8 R2"] {
        let cost = |precision: &str| {
            let row = networks.iter().find(|row| {
                (row["shape"].as_str(), row["precision"].as_str()) == (Some(shape), Some(precision))
            });
            let row = row.unwrap_or_else(|| panic!("{shape} in {precision} is missing"));
            assert_eq!(row["hop"]["num_calls"], 22_050 / 256);
            assert!(number(&row["hop"]["median_us"]) > 0.0, "{row}");
            number(&row["num_bytes"])
        };
        assert_eq!(cost("f32"), 2.0 * cost("f16"), "{shape}");
    }
}

#[test]
fn the_table_and_the_errors_are_lines() {
    let (code, stdout, _) = bench("--seconds 0.2 --passes 1 --rates 44100 --signal noise");
    assert_eq!(code, 0);
    let (modes, networks) = stdout.split_once("\n\n").expect("two tables");
    assert!(
        modes.contains("hpss-live") && modes.contains("hpss-mix"),
        "{stdout}"
    );
    assert!(networks.contains("B256 H512 X8 R2"), "{stdout}");
    for table in [modes, networks] {
        let mut lines = table.lines();
        let width = lines.next().expect("a head").chars().count();
        for line in lines {
            assert_eq!(line.chars().count(), width, "{stdout}");
        }
    }
    for (arguments, words) in [
        ("--block 2000", "expected up to 1024 samples, found 2000"),
        ("--rates 500", "sample rate 500 Hz is not supported"),
        ("--seconds 0", "expected 0.1 to 3600, found 0"),
    ] {
        let (code, stdout, stderr) = bench(arguments);
        assert_eq!((code, stdout.as_str()), (1, ""), "{arguments}");
        assert!(
            stderr.contains(words) && stderr.lines().count() == 1,
            "{stderr}"
        );
    }
}
