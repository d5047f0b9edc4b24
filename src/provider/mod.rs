//! Video APIs as pure functions, with their model cards as data.
