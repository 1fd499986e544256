package approval

import "github.com/powerpole/powerpole/pkg/slackui"

// texts is everything that approval says to people, in one language. A field
// that takes values says which, in order.
type texts struct {
	Language string
	// Asks: requester, role, cluster. Heading is the message's, Push its
	// notification: requester's name, role, cluster.
	Heading, Asks, Push string
	Databases, Tables   string
	Length, LatestEnd   string
	Ticket, Grants      string
	Reason              string
	// Recent is the heading of what the requester asked for before, NoRecent is
	// what is there instead; a word each for what came of one.
	Recent, NoRecent                     string
	PastOpen, PastApproved, PastDenied   string
	PastCancelled, PastLapsed, PastEnded string
	ApproveLabel                         string
	DenyLabel                            string
	LookLabel                            string

	// Needs: how many. ApprovedBy, Looking: people.
	Needs, ApprovedBy, Looking string
	LapsesAt                   string // a moment
	// By whom, or by which rule, and why.
	IsApproved, IsApprovedByRule string
	IsDenied, IsDeniedByRule     string
	IsCancelled, IsLapsed        string
	IsExtended                   string // the new total
	IsExtendedLate               string // when it had ended
	IsReleased                   string // by whom
	IsEnded                      string // a moment
}

// textsFor gives the texts for a locale of Slack's or a language.
func textsFor(locale string) texts {
	if slackui.Language(locale) == "ja" {
		return japanese()
	}
	return english()
}

func english() texts {
	return texts{
		Language: "en",
		Heading:  "Database access request", Asks: "%s asks for *%s* on *%s*", Push: "%s asks for %s on %s",
		Databases: "*Databases*", Tables: "*Tables*", Length: "*Length*", LatestEnd: "*Latest possible end*",
		Ticket: "*Ticket*", Grants: "*What will be granted*", Reason: "*Reason*",
		Recent: "*Asked for before*", NoRecent: "nothing",
		PastOpen: "waiting", PastApproved: "approved", PastDenied: "denied", PastCancelled: "taken back", PastLapsed: "lapsed", PastEnded: "ended",
		ApproveLabel: "Approve", DenyLabel: "Deny …", LookLabel: "I'm looking",
		Needs: "Approvals still needed: %d", ApprovedBy: "Approved by %s", Looking: "Looking: %s", LapsesAt: "Lapses at %s",
		IsApproved: ":white_check_mark: Approved by %s", IsApprovedByRule: ":white_check_mark: Approved by the catalog's rule %s",
		IsDenied: ":no_entry: Denied by %s: %s", IsDeniedByRule: ":no_entry: Denied by the rule %s: %s",
		IsCancelled: ":leftwards_arrow_with_hook: Taken back by %s", IsLapsed: ":hourglass: Lapsed: nobody decided in time",
		IsExtendedLate: "More time was permitted and came too late: it had ended at %s",
		IsExtended:     "More time was permitted: %s in all", IsReleased: "Ended early by %s", IsEnded: ":checkered_flag: Ended at %s; account and bastion are gone",
	}
}

func japanese() texts {
	return texts{
		Language: "ja",
		Heading:  "データベース接続の申請", Asks: "%s さんが *%s* を *%s* に申請しています", Push: "%s さんが %s を %s に申請しています",
		Databases: "*データベース*", Tables: "*テーブル*", Length: "*利用時間*", LatestEnd: "*最も遅い終了時刻*",
		Ticket: "*チケット*", Grants: "*付与される権限*", Reason: "*理由*",
		Recent: "*これまでの申請*", NoRecent: "なし",
		PastOpen: "承認待ち", PastApproved: "承認済み", PastDenied: "却下", PastCancelled: "取り下げ", PastLapsed: "失効", PastEnded: "終了",
		ApproveLabel: "承認", DenyLabel: "却下 …", LookLabel: "確認中",
		Needs: "あと %d 名の承認が必要です", ApprovedBy: "承認済み: %s", Looking: "確認中: %s", LapsesAt: "失効時刻 %s",
		IsApproved: ":white_check_mark: %s が承認しました", IsApprovedByRule: ":white_check_mark: カタログの規則 %s により承認されました",
		IsDenied: ":no_entry: %s が却下しました: %s", IsDeniedByRule: ":no_entry: 規則 %s により却下されました: %s",
		IsCancelled: ":leftwards_arrow_with_hook: %s が取り下げました", IsLapsed: ":hourglass: 期限内に判断がなく失効しました",
		IsExtendedLate: "延長が許可されましたが、間に合いませんでした (終了時刻 %s)",
		IsExtended:     "延長が許可されました: 合計 %s", IsReleased: "%s が早期終了しました", IsEnded: ":checkered_flag: %s に終了しました。アカウントと踏み台は削除済みです",
	}
}
