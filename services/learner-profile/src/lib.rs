//! trellis-learner-profile.
