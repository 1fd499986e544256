package notifier

import "github.com/powerpole/powerpole/pkg/event"

func japanese() texts {
	return texts{
		Language:    "ja",
		Placeholder: "データベース接続の申請を受け付けました …",
		Waiting:     "承認を待っています", Building: "承認されました。接続先を準備しています", Ready: "接続できます",
		Warning: "まもなく終了します", Failed: "準備できませんでした", Ending: "終了処理中です", Ended: "終了しました",
		Denied: "申請は却下されました", Cancelled: "申請を取り下げました", Lapsed: "期限内に判断がなく、申請は失効しました",

		WaitingIn: "%s で承認者に依頼しました。", ApprovedBy: "承認者: %s", LookingNow: "確認中: %s",
		Needed: "あと %d 名の承認が必要です", ARule: "カタログの規則",
		BuildingBastion: "踏み台を作成しています …", BastionReady: "踏み台の準備ができました", MakingAccount: "データベースのアカウントを作成しています …",
		BuildingUntil: "遅くとも %s までに利用できるか、できない理由をお知らせします。",
		DeniedBy:      "%s が却下しました:", DeniedByRule: "規則 %s により却下されました:",
		TakingDown:       "作成したものをすべて片付けています。完了したらここでお知らせします。",
		ExtensionTooLate: "延長は間に合いませんでした。%s に終了していました。",
		EndsAt:           "終了時刻 %s", EndedAt: "%s に終了",
		StepSession: "*1. 踏み台のセッションを開始:* %s、または", OpenSession: "ブラウザーで開く",
		StepDatabase: "*2. その中で接続:*", User: "*ユーザー*", Password: "*パスワード*", TokenInstead: "IAM 認証トークン",
		Privileges: "*権限*", NeedsTLS: "このデータベースには TLS が必要です。", Everybody: "このサーバーでは全員に次の権限もあります: %s。",
		NoCredentials: "認証情報はありません。終了したか、まだ始まっていません。", NotYours: "これはあなたの認証情報ではありません。",
		CancelLabel: "取り下げる", DoneLabel: "作業を終える", ExtendLabel: "延長 …",
		CancelSure: "この申請を取り下げますか?", DoneSure: "今すぐ終了しますか? 開いている接続は切断されます。", Yes: "はい", No: "いいえ",
		ShowCredentials: "認証情報を表示", CredentialsTitle: "認証情報", Close: "閉じる",
		HomeTitle: "データベース接続", HomeHint: "`/powerpole` で申請できます。", HomeEmpty: "申請はまだありません。",
		NotTaken: "実行されませんでした: %s。",

		Receipt: "終了証明", AccountGone: "アカウント %s は削除済み、切断した接続: %d",
		AccountParked: "アカウント %s は恒久的にロックして残しました。その名前で動くデータベースのオブジェクトがあるためです",
		AccountNone:   "アカウントはありませんでした", Kept: "%s %s が参照しています。新しい所有者は次の文で引き継げます %s",
		Prepared:   "準備済みトランザクション %s が残っています。管理者は %s で終了できます",
		SecretGone: "パスワードは削除済み", InstanceNone: "踏み台はありませんでした",
		InstanceGone: "踏み台 %s は削除済み、終了したセッション: %d", SchedulesGone: "削除したスケジュール: %d",
		Causes: map[event.Cause]string{
			event.ByTime: "時間になりました", event.ByRelease: "早期終了", event.ByFailure: "準備できませんでした",
			event.ByLoss: "踏み台が失われました", event.ByHardStop: "最終期限で終了しました",
		},
		LineEnded: "%s さんの *%s* での *%s* への接続は終了しました。", LinePrepared: "残っている準備済みトランザクション: %d",
		AlarmFrom: "%s · %s", Runbook: "対処方法",
	}
}
