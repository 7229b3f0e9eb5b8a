DROP TABLE events.dead_letters;
DROP TABLE events.log;
DROP SEQUENCE events.positions;
