//! The YAML file becomes shots, with every problem found at once.
