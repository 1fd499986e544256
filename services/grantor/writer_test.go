package grantor

import "testing"

func TestAnAuroraInstanceIsReachedByItsOwnEndpoint(t *testing.T) {
	t.Parallel()
	for writer, want := range map[string]string{
		"shop.cluster-cx1a2.ap-northeast-1.rds.amazonaws.com:3306": "shop-2.cx1a2.ap-northeast-1.rds.amazonaws.com:3306",
		"shop.cluster-cx1a2.cn-north-1.rds.amazonaws.com.cn:3307":  "shop-2.cx1a2.cn-north-1.rds.amazonaws.com.cn:3307",
		// These lead to whichever instance the cluster likes, or nowhere.
		"shop.cluster-ro-cx1a2.ap-northeast-1.rds.amazonaws.com:3306":     "",
		"mine.cluster-custom-cx1a2.ap-northeast-1.rds.amazonaws.com:3306": "",
		"shop-1.cx1a2.ap-northeast-1.rds.amazonaws.com:3306":              "",
		"db.example.com:3306": "",
		"shop.cluster-cx1a2.ap-northeast-1.rds.amazonaws.com": "",
	} {
		if got, err := auroraEndpoint(writer, "shop-2"); got != want || (err == nil) != (want != "") {
			t.Errorf("of %s: %q, %v; want %q", writer, got, err, want)
		}
	}
}
