package intake

import "github.com/powerpole/powerpole/pkg/slackui"

// texts is everything that intake's forms say, in one language. A text that
// takes values says which, in order; both languages take the same.
type texts struct {
	Language string
	Cancel   string

	// The request's form.
	Title, Submit                    string
	Cluster, ChooseCluster           string
	SearchCluster                    string
	Databases, ChooseDatabases       string
	SearchDatabases                  string
	Tables, TablesHint               string
	Role, ChooseRole                 string
	UpTo                             string // role, ceiling
	OnDatabases                      string
	OnTables                         string // tables
	Describes                        string // role, privileges, where, ceiling
	Length, LengthHint               string
	Why, WhyHint, Ticket             string
	WrongLength, Missing             string
	TooLong                          string // the most, how many
	Nobody, RequestUnsent, NotOpened string

	// Forms that belong to a click.
	DenyTitle, DenyHint               string
	BreakGlass, BreakGlassHint        string
	Review, ReviewSubmit, ReviewHint  string
	Extend, ExtendSubmit, Choose      string
	HowMuchLonger, ExtendHint, Unsent string

	Credentials, OneMoment, Close string
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
		Language: "en", Cancel: "Cancel",
		Title: "Ask for access", Submit: "Ask",
		Cluster: "Cluster", ChooseCluster: "Choose a cluster", SearchCluster: "Search a cluster",
		Databases: "Databases", ChooseDatabases: "Choose databases", SearchDatabases: "Search databases",
		Tables:     "Tables",
		TablesHint: "To ask for less than whole databases: one a line, as shop.orders. With a role that holds SELECT alone also shop.orders(id, item): these columns only.",
		Role:       "Role", ChooseRole: "Choose a role", UpTo: "%s, up to %s",
		OnDatabases: "on each database you choose", OnTables: "on `%s` in the databases you choose",
		Describes: "*%s*: `GRANT %s` %s, up to %s.",
		Length:    "How long", LengthHint: "As 30m, 2h or 1h30m. The clock starts when your account works.",
		Why: "Why", WhyHint: "What you are going to do, for those who approve and for the log", Ticket: "Ticket",
		WrongLength: "Write it as 30m, 2h or 1h30m.", Missing: "Please write something here.", TooLong: "At most %d characters; these are %d.",
		Nobody:        "Slack did not tell us who you are. Nothing was sent; please send it again.",
		RequestUnsent: "Your request could not be sent. Please send it again: however often, it is one request.",
		NotOpened:     "The form could not be opened. Please try again in a moment.",

		DenyTitle: "Deny", DenyHint: "The person who asked will read it",
		BreakGlass: "Break the glass", BreakGlassHint: "Access begins at once. Everybody who would have been asked is told, and a review stays open.",
		Review: "Close the review", ReviewSubmit: "Close", ReviewHint: "What the review came to",
		Extend: "Extend", ExtendSubmit: "Ask", Choose: "Choose", HowMuchLonger: "How much longer", ExtendHint: "For those who approve",
		Unsent: "This could not be sent. Please send it again.",

		Credentials: "Credentials", OneMoment: "One moment …", Close: "Close",
	}
}

func japanese() texts {
	return texts{
		Language: "ja", Cancel: "キャンセル",
		Title: "データベース接続の申請", Submit: "申請する",
		Cluster: "クラスター", ChooseCluster: "クラスターを選ぶ", SearchCluster: "クラスターを検索",
		Databases: "データベース", ChooseDatabases: "データベースを選ぶ", SearchDatabases: "データベースを検索",
		Tables:     "テーブル",
		TablesHint: "データベース全体が不要な場合に、shop.orders のように一行に一つ書きます。SELECT だけの役割では shop.orders(id, item) のように列も指定できます。",
		Role:       "役割", ChooseRole: "役割を選ぶ", UpTo: "%s (最長 %s)",
		OnDatabases: "(選んだ各データベース)", OnTables: "(選んだデータベースの `%s`)",
		Describes: "*%s*: `GRANT %s` %s、最長 %s。",
		Length:    "利用時間", LengthHint: "30m、2h、1h30m のように書きます。アカウントが使えるようになった時から数えます。",
		Why: "理由", WhyHint: "行う作業を書いてください。承認者が読み、記録に残ります", Ticket: "チケット",
		WrongLength: "30m、2h、1h30m のように書いてください。", Missing: "入力してください。", TooLong: "最大 %d 文字です (現在 %d 文字)。",
		Nobody:        "Slack からあなたの情報を得られませんでした。何も送信されていません。もう一度送信してください。",
		RequestUnsent: "申請を送信できませんでした。もう一度送信してください。何度送信しても申請は一つです。",
		NotOpened:     "フォームを開けませんでした。少し待ってからもう一度お試しください。",

		DenyTitle: "却下", DenyHint: "申請者が読みます",
		BreakGlass: "緊急アクセス", BreakGlassHint: "すぐに利用できます。本来の承認者全員に通知され、事後の確認が残ります。",
		Review: "事後確認の完了", ReviewSubmit: "完了", ReviewHint: "確認の結果",
		Extend: "延長", ExtendSubmit: "依頼する", Choose: "選ぶ", HowMuchLonger: "延長する時間", ExtendHint: "承認者が読みます",
		Unsent: "送信できませんでした。もう一度送信してください。",

		Credentials: "認証情報", OneMoment: "お待ちください …", Close: "閉じる",
	}
}
