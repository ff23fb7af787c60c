//! Scheduling: calendars, offerings, requests, plans that give places, and calendar feeds.

mod domain;
