DROP TABLE crons;
