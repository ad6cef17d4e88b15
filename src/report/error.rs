//! Why there is no report, each in one sentence.

use crate::eval::EvalError;
use crate::plot::Undrawn;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error(transparent)]
    Undrawn(#[from] Undrawn),
}
