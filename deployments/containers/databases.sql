-- Run once, when the volume of the database is new.
CREATE DATABASE review;
CREATE DATABASE mlflow;
CREATE DATABASE prefect;
