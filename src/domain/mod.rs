//! The nouns and laws of the trade: no serde, no tokio, no clock.
