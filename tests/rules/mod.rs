//! What the contracts say, held against what is enforced.

mod coverage;
mod reasons;
mod violations;
