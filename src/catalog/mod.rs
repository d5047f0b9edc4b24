//! A product file becomes items.
