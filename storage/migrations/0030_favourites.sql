-- The voices that a member likes best: they come first.
CREATE TABLE favourite_voices (member TEXT NOT NULL, voice TEXT NOT NULL, PRIMARY KEY (member, voice));
