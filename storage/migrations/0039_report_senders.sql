-- Who had the audio sent that was reported, where that was in answer to another's order than the first.
ALTER TABLE reported ADD COLUMN sent_by TEXT;

ALTER TABLE reported ADD COLUMN sent_by_name TEXT;

-- Why a member reported it, for the admins.
ALTER TABLE reports ADD COLUMN reason TEXT NOT NULL DEFAULT '';
