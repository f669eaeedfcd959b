//! A network as rows of weights.

use super::{json, parse};
use crate::table::{Table, Writing};
use ndarray::{Array1, Array2};
use regressors::Mlp;
use regressors::mlp::{Activation, MlpParts};
use serde_json::Value;
use stage::Result;
use std::io::Write;

/// One row per weight: layer, input (null for the bias), unit; layers from input to output, biases last in each.
pub(super) fn write(table: Writing, model: &Mlp, file: &mut (dyn Write + Send)) -> Result<()> {
    let (mut layers, mut inputs, mut units, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((coefs, bias), layer) in model.coefs().iter().zip(model.intercepts()).zip(0u32..) {
        let rows = coefs.rows().into_iter().zip(0u32..).map(|(row, input)| (row, Some(input)));
        for (row, input) in rows.chain([(bias.view(), None)]) {
            for (&weight, unit) in row.iter().zip(0u32..) {
                layers.push(layer);
                inputs.push(input);
                units.push(unit);
                weights.push(weight);
            }
        }
    }
    table
        .meta("activation", model.activation().name())
        .meta("n_iter", model.n_iter().to_string())
        .meta("loss_curve", written(model.loss_curve())?)
        .meta("validation_scores", written(model.validation_scores())?)
        .u32s("layer", layers)
        .optional_u32s("input", inputs)
        .u32s("unit", units)
        .f64s("weight", weights)
        .write(file)
}

pub(super) fn read(table: &Table) -> Result<Mlp> {
    let (layers, inputs) = (table.u32s("layer")?, table.optional_u32s("input")?);
    let (units, weights) = (table.u32s("unit")?, table.f64s("weight")?);
    let activation: Activation =
        table.meta("activation")?.parse().map_err(|error: regressors::Error| table.refuse(error))?;
    let mut parts = MlpParts {
        activation,
        coefs: Vec::new(),
        intercepts: Vec::new(),
        loss_curve: numbers(table, "loss_curve")?,
        validation_scores: numbers(table, "validation_scores")?,
    };
    let mut start = 0;
    for rows in layers.chunk_by(|a, b| a == b) {
        let here = start..start + rows.len();
        start = here.end;
        let biases = inputs[here.clone()].iter().rev().take_while(|input| input.is_none()).count();
        let fan_in = (rows.len() - biases).checked_div(biases).unwrap_or(0);
        // Every weight must stand in its place: the table holds no more freedom than the model.
        let expected = (0..=fan_in).flat_map(|input| (0..biases).map(move |unit| (input, unit)));
        let found =
            here.clone().map(|row| (inputs[row].map_or(fan_in, |input| input as usize), units[row] as usize));
        if rows[0] as usize != parts.coefs.len() || !expected.eq(found) {
            return Err(table.refuse(format!("layer {}: its weights are not all there, in order", rows[0])));
        }
        let (coefs, bias) = weights[here].split_at(fan_in * biases);
        let coefs =
            Array2::from_shape_vec((fan_in, biases), coefs.to_vec()).map_err(|error| table.refuse(error))?;
        parts.coefs.push(coefs);
        parts.intercepts.push(Array1::from(bias.to_vec()));
    }
    Mlp::from_parts(parts).map_err(|error| table.refuse(error))
}

/// Numbers as JSON; what it has no number for is a text: `NaN`, `inf` or `-inf`.
fn written(numbers: &[f64]) -> Result<String> {
    let value = |&number: &f64| match number.is_finite() {
        true => Value::from(number),
        false => Value::from(number.to_string()),
    };
    json(&numbers.iter().map(value).collect::<Vec<_>>())
}

/// What [`written()`] wrote.
fn numbers(table: &Table, key: &str) -> Result<Vec<f64>> {
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    let values: Vec<Value> = parse(table, key)?;
    let wrong = |value: &Value| table.refuse(format!("its metadata '{key}': {value} is no number"));
    values.iter().map(|value| number(value).ok_or_else(|| wrong(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ARTIFACT;
    use ndarray::array;

    #[test]
    fn epochs_without_a_finite_loss_or_score_are_read_back() {
        let model = Mlp::from_parts(MlpParts {
            activation: Activation::Relu,
            coefs: vec![array![[1.0, -1.0]], array![[1.0], [1.0]]],
            intercepts: vec![array![0.0, 0.0], array![0.0]],
            loss_curve: vec![0.1, 1e300, f64::INFINITY, f64::NAN],
            validation_scores: vec![-2.0, f64::NEG_INFINITY],
        });
        let model = model.unwrap();
        let mut bytes = Vec::new();
        write(Writing::new(ARTIFACT), &model, &mut bytes).unwrap();
        let table = Table::checked("mlp.parquet".into(), bytes, ARTIFACT).unwrap();
        assert_eq!(table.meta("validation_scores").unwrap(), "[-2.0,\"-inf\"]");
        let found = read(&table).unwrap();
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(found.loss_curve()), bits(model.loss_curve()));
        assert_eq!(bits(found.validation_scores()), bits(model.validation_scores()));
    }
}
