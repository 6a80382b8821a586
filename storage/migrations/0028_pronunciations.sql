-- How words are said: what a member set for themselves, by their key, or an admin for a community, by its id.
CREATE TABLE pronunciations (
    owner TEXT NOT NULL,
    folded TEXT NOT NULL,
    written TEXT NOT NULL,
    spoken TEXT NOT NULL,
    PRIMARY KEY (owner, folded)
);
