-- PowerPole's administrator on MySQL 8.0 and later and Aurora MySQL 3. Change the
-- subnet of the grantor, the password, and the databases; the tests use this file.
CREATE USER 'powerpole'@'10.0.0.0/255.255.255.0' IDENTIFIED BY 'CHANGE-ME' REQUIRE SSL;
-- Without PROCESS others' connections are invisible, and no error says so.
GRANT CREATE USER, PROCESS ON *.* TO 'powerpole'@'10.0.0.0/255.255.255.0';
-- KILL. On RDS and Aurora, where it is refused (1095):
--   GRANT EXECUTE ON PROCEDURE `mysql`.`rds_kill` TO 'powerpole'@'10.0.0.0/255.255.255.0';
GRANT CONNECTION_ADMIN ON *.* TO 'powerpole'@'10.0.0.0/255.255.255.0';
GRANT XA_RECOVER_ADMIN ON *.* TO 'powerpole'@'10.0.0.0/255.255.255.0';
GRANT SELECT ON `mysql`.* TO 'powerpole'@'10.0.0.0/255.255.255.0';
-- One for each database of the catalog, _ and % escaped with a backslash (not
-- where partial_revokes is on). A custom role with CREATE VIEW, TRIGGER, CREATE
-- ROUTINE, ALTER ROUTINE or EVENT needs that here too.
GRANT SELECT, SHOW VIEW, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON `shop`.* TO 'powerpole'@'10.0.0.0/255.255.255.0' WITH GRANT OPTION;
