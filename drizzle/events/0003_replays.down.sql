DROP TABLE events.replays;
