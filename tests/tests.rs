//! Tests of the whole pipeline; see `integration.rs`. (A package needs a library, this one has nothing to share.)
