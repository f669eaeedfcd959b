//! The scores against scikit-learn's own, which `golden/metrics.py` wrote down.

use evaluate::scores;
use serde_json::Value;

/// Equal to 1e-12 of the expected score.
#[track_caller]
fn check(case: &str, score: &str, value: f64, expected: &Value) {
    let expected = expected.as_f64().expect("a number");
    assert!(
        (value - expected).abs() <= 1e-12 * expected.abs(),
        "{case}: {score} {value:e}, expected {expected:e}"
    );
}

#[test]
fn scores_are_scikit_learns() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/metrics.json")).unwrap();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let column = |name: &str| serde_json::from_value::<Vec<f64>>(case[name].clone()).unwrap();
        let (name, actual) = (case["name"].as_str().unwrap(), column("actual"));
        let score = scores::score("Linear", "test", &actual, &column("predicted")).unwrap();
        assert_eq!(score.rows as usize, actual.len());
        check(name, "rmse", score.rmse, &case["rmse"]);
        check(name, "mae", score.mae, &case["mae"]);
        check(name, "mape", score.mape, &case["mape"]);
        match score.r2 {
            Some(r2) => check(name, "r2", r2, &case["r2"]),
            None => assert_eq!(case["r2"], Value::Null, "{name}"),
        }
    }
}
