//! Redis: what may be lost. Sessions, sign-in limits, live progress.
