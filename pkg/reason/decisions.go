package reason

// Why approval did not take what somebody wanted, or ended it.
var (
	TooLate         = say("this came too late", "受け付けが遅すぎました")
	TooMany         = say("you have %d requests open already; end one first", "未終了の申請がすでに %s 件あります。先に一つ終了してください")
	Unheard         = say("PowerPole does not know this request", "PowerPole はこの申請を知りません")
	Unsure          = say("Slack did not say whether you may; nothing was done, please click again", "権限を Slack に確認できませんでした。何も行われていません。もう一度押してください")
	Changed         = say("this is not the request as it is now; look at the newest message", "これは現在の申請内容と異なります。最新のメッセージを見てください")
	OwnRequest      = say("nobody decides about their own request", "自分の申請を自分で判断することはできません")
	NotOffered      = say("this is not offered here", "ここでは利用できません")
	NotYetApproved  = say("this request is not approved yet", "この申請はまだ承認されていません")
	ExtendedOnce    = say("this was extended once already", "延長は一度だけです")
	OverCeiling     = say("no lease of this role lasts longer than %s; %s are left", "この役割の上限は %s です。残りは %s です")
	RequesterMayNot = say("the requester may not have this any more: %v", "申請者はもう利用できません: %s")
	NoReason        = say("no reason was given", "理由は記入されていません")
	Unreachable     = say("the approvers' channel could not be reached (%s); the operators have been told", "承認者のチャンネルに届きませんでした (%s)。運用担当者に通知しました")
	Deactivated     = say("the requester's account was deactivated", "申請者のアカウントが無効になりました")
	TakesNoPart     = say("the requester may take part no more", "申請者は利用できなくなりました")

	WasApproved  = say("%s has approved this already", "すでに %s が承認しています")
	WasDenied    = say("%s has denied this already", "すでに %s が却下しています")
	WasCancelled = say("%s has taken this back already", "すでに %s が取り下げています")
	WasReleased  = say("%s has ended this already", "すでに %s が終了しています")
	WasLapsed    = say("this has lapsed already", "すでに失効しています")
	WasEnded     = say("this has ended already", "すでに終了しています")
)

// Who released a lease, and with which words of theirs.
var (
	ByRequester       = say("released by the requester", "申請者が終了しました")
	ByRequesterSaying = say("released by the requester: %.1500s", "申請者が終了しました: %s")
	ByOther           = say("released by an approver or administrator", "承認者または管理者が終了しました")
	ByOtherSaying     = say("released by an approver or administrator: %.1500s", "承認者または管理者が終了しました: %s")
)
