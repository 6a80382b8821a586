-- Who speaks where no voice is named: for a member everywhere, and for everybody in a community.
CREATE TABLE member_voices (member TEXT NOT NULL PRIMARY KEY, voice TEXT NOT NULL);

ALTER TABLE limits ADD COLUMN voice TEXT;
