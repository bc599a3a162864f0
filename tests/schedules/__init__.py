"""What schedules/ promises: checked protocols, right calendars, a metronome that goes on."""
