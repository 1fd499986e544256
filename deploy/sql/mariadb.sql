-- PowerPole's administrator on MariaDB 10.11. Change the subnet of the grantor,
-- the password, and the databases; the tests use this file.
CREATE USER 'powerpole'@'10.0.0.0/255.255.255.0' IDENTIFIED BY 'CHANGE-ME' REQUIRE SSL;
-- Without PROCESS others' connections are invisible, and no error says so.
GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO 'powerpole'@'10.0.0.0/255.255.255.0';
GRANT SELECT ON `mysql`.* TO 'powerpole'@'10.0.0.0/255.255.255.0';
-- One for each database of the catalog, _ and % escaped with a backslash. A
-- custom role with CREATE VIEW, TRIGGER, CREATE ROUTINE, ALTER ROUTINE or EVENT
-- needs that here too.
GRANT SELECT, SHOW VIEW, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON `shop`.* TO 'powerpole'@'10.0.0.0/255.255.255.0' WITH GRANT OPTION;
