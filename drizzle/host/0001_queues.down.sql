DROP TABLE messages;
DROP TABLE leases;
