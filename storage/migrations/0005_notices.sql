-- What the operators were told of, so that of several processes, and after a restart, nobody tells them again soon.
CREATE TABLE notices (
    trouble TEXT NOT NULL,
    about TEXT NOT NULL,
    told_ms BIGINT NOT NULL,
    is_open BIGINT NOT NULL,
    PRIMARY KEY (trouble, about)
);
