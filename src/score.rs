//! Scores of an estimated stem against the true one.
