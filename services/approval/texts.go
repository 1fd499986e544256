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

	// What somebody is told who may not.
	TooLate, TooMany, Unheard, Unsure string
	Changed, OwnRequest, NotOffered   string
	NotYetApproved, ExtendedOnce      string
	OverCeiling                       string // the ceiling, what is left of it
	RequesterMayNot                   string // why
	NoReason, Unreachable             string
	Deactivated                       string
	// What had happened already: by whom.
	WasApproved, WasDenied, WasCancelled, WasReleased string
	WasLapsed, WasEnded                               string
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
		TooLate: "this came too late", TooMany: "you have %d requests open already; end one first",
		Unheard: "PowerPole does not know this request", Unsure: "Slack did not say whether you may; nothing was done, please click again",
		Changed: "this is not the request as it is now; look at the newest message", OwnRequest: "nobody decides about their own request",
		NotOffered: "this is not offered here", NotYetApproved: "this request is not approved yet", ExtendedOnce: "this was extended once already",
		OverCeiling: "no lease of this role lasts longer than %s; %s are left", RequesterMayNot: "the requester may not have this any more: %s",
		NoReason: "no reason was given", Unreachable: "the approvers' channel could not be reached (%s); the operators have been told",
		Deactivated: "the requester's account was deactivated",
		WasApproved: "%s has approved this already", WasDenied: "%s has denied this already", WasCancelled: "%s has taken this back already",
		WasReleased: "%s has ended this already", WasLapsed: "this has lapsed already", WasEnded: "this has ended already",
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
		TooLate: "受け付けが遅すぎました", TooMany: "未終了の申請がすでに %d 件あります。先に一つ終了してください",
		Unheard: "PowerPole はこの申請を知りません", Unsure: "権限を Slack に確認できませんでした。何も行われていません。もう一度押してください",
		Changed: "これは現在の申請内容と異なります。最新のメッセージを見てください", OwnRequest: "自分の申請を自分で判断することはできません",
		NotOffered: "ここでは利用できません", NotYetApproved: "この申請はまだ承認されていません", ExtendedOnce: "延長は一度だけです",
		OverCeiling: "この役割の上限は %s です。残りは %s です", RequesterMayNot: "申請者はもう利用できません: %s",
		NoReason: "理由は記入されていません", Unreachable: "承認者のチャンネルに届きませんでした (%s)。運用担当者に通知しました",
		Deactivated: "申請者のアカウントが無効になりました",
		WasApproved: "すでに %s が承認しています", WasDenied: "すでに %s が却下しています", WasCancelled: "すでに %s が取り下げています",
		WasReleased: "すでに %s が終了しています", WasLapsed: "すでに失効しています", WasEnded: "すでに終了しています",
	}
}
