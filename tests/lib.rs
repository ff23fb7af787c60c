//! What concerns all services: the rules of the house, the contracts, who may call what, and the journey.
//!
//! One crate and one binary, so that there is one to link; a room for each subject.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod endurance;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod upgrade;
