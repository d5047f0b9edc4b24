//! What happened, told.
