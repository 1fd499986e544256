package catalog

import "strings"

// Notes are sentences on what people do not expect of the role's privileges, for the form and for the approvers'
// message, in the language "ja" or else in English.
func (r Role) Notes(language string) []string {
	var notes []string
	say := func(english, japanese string) {
		if language == "ja" {
			english = japanese
		}
		notes = append(notes, english)
	}
	if r.DropsDatabases() {
		say("DROP includes DROP DATABASE.", "DROP には DROP DATABASE が含まれます。")
	}
	if outlives := strings.Join(r.Outlives(), ", "); outlives != "" {
		say(outlives+": what people create in their own name outlives their lease.", outlives+": 自分の名義で作成したものは、利用終了後も残ります。")
	}
	if r.ReadOnly() && len(r.among("SELECT")) > 0 {
		say("Reading can hold others up: a transaction left open holds up ALTER TABLE and the purge of old rows, and SELECT … FOR SHARE (on MariaDB FOR UPDATE too) those who write.",
			"読み取りでも他の処理を妨げることがあります。開いたままのトランザクションは ALTER TABLE と古い行の破棄 (purge) を、SELECT … FOR SHARE (MariaDB では FOR UPDATE も) は書き込みを待たせます。")
	}
	return notes
}
